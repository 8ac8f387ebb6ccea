import { useTranslation } from 'react-i18next';
import type { AlertDetail } from '../api.js';
import { evidenceOf, type Contribution, type EvidenceFacts } from './evidence-facts.js';
import { useFormat } from '../../ui/format.js';
import { Figure } from '../../ui/interval.js';
import { Empty, Fact, Section, Table } from '../../ui/parts.js';
import { useLocalize } from '../service-messages.js';

/** What stands behind an alert: why, in which words and tickets, for whom, and what it costs. */
export function AlertEvidence({ alert: { evidence, examples } }: { alert: AlertDetail }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const localize = useLocalize('monitor');
  const facts = evidenceOf(evidence);
  const { causes, words, templates, contactTypes } = facts;
  return (
    <>
      <div className="ml-columns">
        <Section
          title={t('evidence.causes')}
          description={t('evidence.ticketCount', { tickets: format.number(facts.tickets) })}
        >
          {causes.length === 0 ? (
            <Empty title={t('evidence.noCause')} />
          ) : (
            <ol className="causes">
              {causes.map(({ kind, sentence, message }) => (
                <li key={sentence} data-kind={kind}>
                  {localize(sentence, message)}
                </li>
              ))}
            </ol>
          )}
          <Cost facts={facts} />
        </Section>
        <Section title={t('evidence.terms')} term="characteristic-terms" description={t('evidence.termsDescription')}>
          {words.length === 0 ? (
            <Empty title={t('evidence.noTerms')} />
          ) : (
            <ul className="words">
              {words.map((word) => (
                <li key={word}>{word}</li>
              ))}
            </ul>
          )}
        </Section>
      </div>
      <Section title={t('evidence.examples')}>
        {examples.length === 0 ? (
          <Empty title={t('evidence.noExamples')} />
        ) : (
          <ul className="examples">
            {examples.map(({ source, ticketId, subject, preview }) => (
              <li key={`${source}:${ticketId}`}>
                {subject && <b>{subject}</b>}
                <p>{preview}</p>
                <small>
                  {source} {ticketId}
                </small>
              </li>
            ))}
          </ul>
        )}
      </Section>
      <div className="ml-columns">
        <Contributions title={t('evidence.contactTypes')} rows={contactTypes} />
        <Contributions title={t('evidence.templates')} rows={templates} />
      </div>
    </>
  );
}

function Cost({ facts: { accuracy, slice } }: { facts: EvidenceFacts }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  if (!accuracy?.now || !accuracy.before || !accuracy.loss) return null;
  const { before, now, loss } = accuracy;
  return (
    <>
      <h4>{t('evidence.impact')}</h4>
      <dl className="facts-grid">
        <Fact name={t('evidence.accuracyBefore')} term="top-1-accuracy">
          <Figure text={format.share(before.value)} low={format.share(before.low)} high={format.share(before.high)} />
        </Fact>
        <Fact name={t('evidence.accuracyNow')} term="estimated-accuracy-no-labels">
          <Figure text={format.share(now.value)} low={format.share(now.low)} high={format.share(now.high)} />
        </Fact>
        <Fact name={t('evidence.accuracyChange')} term="impact">
          <Figure
            text={format.points(-100 * loss.value)}
            low={format.points(-100 * loss.high)}
            high={format.points(-100 * loss.low)}
          />
        </Fact>
        {slice && (
          <Fact name={t('evidence.worstSlice')}>
            {t(`slice.${slice.slice.by}`)} {slice.slice.value}
          </Fact>
        )}
      </dl>
    </>
  );
}

function Contributions({ title, rows }: { title: string; rows: readonly Contribution[] }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  return (
    <Section title={title} term="affected-share" description={t('evidence.contributionDescription')}>
      {rows.length === 0 ? (
        <Empty title={t('evidence.noContribution')} />
      ) : (
        <Table label={title}>
          <thead>
            <tr>
              <th>{t('evidence.name')}</th>
              <th data-number>{t('evidence.reference')}</th>
              <th data-number>{t('evidence.now')}</th>
              <th data-number>{t('evidence.change')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, before, now }) => (
              <tr key={name}>
                <td>{name}</td>
                <td data-number>{format.share(before)}</td>
                <td data-number>{format.share(now)}</td>
                <td data-number>{format.points(100 * (now - before))}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Section>
  );
}
