import { useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { AgentAgreement } from '../api.js';
import { useFormat } from '../../ui/format.js';
import { Figure, type Estimate } from '../../ui/interval.js';
import { Empty, Fact, FigureHead, Loaded, Section, Table } from '../../ui/parts.js';
import { agreementQuery } from '../queries.js';

/** How far agents answer the same with the same, and which templates they take for one another. */
export function Agreement() {
  const { t } = useTranslation('engineers');
  const agreement = useQuery(agreementQuery);
  return (
    <Section title={t('agreement.title')} description={t('agreement.description')}>
      <Loaded query={agreement}>
        {({ texts, answers, share, alpha, contactTypes, pairs }) =>
          texts === 0 ? (
            <Empty title={t('agreement.none')}>{t('agreement.noneDescription')}</Empty>
          ) : (
            <>
              <dl className="facts-grid">
                <Fact name={t('agreement.share')} term="percent-agreement">
                  <Share estimate={share} />
                </Fact>
                <Fact name={t('agreement.alpha')} term="krippendorffs-alpha">
                  <Alpha estimate={alpha} />
                </Fact>
                <Fact name={t('agreement.texts')} term="distinct-texts">
                  {t('agreement.answers', { texts, count: answers })}
                </Fact>
              </dl>
              {contactTypes.length > 0 && <ContactTypes rows={contactTypes} />}
              {pairs.length > 0 && <Pairs pairs={pairs} />}
            </>
          )
        }
      </Loaded>
    </Section>
  );
}

function ContactTypes({ rows }: { rows: AgentAgreement['contactTypes'] }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  return (
    <Table label={t('agreement.byContactType')}>
      <thead>
        <tr>
          <th>{t('agreement.contactType')}</th>
          <FigureHead name={t('agreement.texts')} term="distinct-texts" />
          <th>{t('agreement.share')}</th>
          <th>{t('agreement.alpha')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ contactType, texts, share, alpha }) => (
          <tr key={contactType}>
            <td>{contactType}</td>
            <td data-number>{format.number(texts)}</td>
            <td>
              <Share estimate={share} />
            </td>
            <td>
              <Alpha estimate={alpha} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Pairs({ pairs }: { pairs: AgentAgreement['pairs'] }) {
  const { t } = useTranslation('engineers');
  const nameOf = (id: string | null, title: string | null): string =>
    id === null ? t('agreement.noTemplateFits') : (title ?? id);
  return (
    <>
      <h4>{t('agreement.pairs')}</h4>
      <ul className="clusters">
        {pairs.map(({ templates, texts, examples }) => (
          <li key={JSON.stringify(templates)}>
            <p>
              {templates.map(({ templateId, title }, at) => (
                <Fragment key={templateId ?? ''}>
                  {at > 0 && ' ↔ '}
                  {templateId === null ? (
                    <b>{nameOf(templateId, title)}</b>
                  ) : (
                    <Link href={`~/templates/t/${encodeURIComponent(templateId)}`}>{nameOf(templateId, title)}</Link>
                  )}
                </Fragment>
              ))}{' '}
              {t('agreement.textCount', { count: texts })}
            </p>
            <ul className="examples">
              {examples.flat().map(({ source, ticketId, subject, preview, templateId }) => (
                <li key={`${source}:${ticketId}:${templateId ?? ''}`}>
                  {subject && <b>{subject}</b>}
                  <p>{preview}</p>
                  <small>
                    {t('agreement.answeredWith', {
                      template: nameOf(
                        templateId,
                        templates.find((one) => one.templateId === templateId)?.title ?? null,
                      ),
                    })}
                  </small>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </>
  );
}

function Share({ estimate }: { estimate: Estimate | null }) {
  const format = useFormat();
  const text = (value: number): string => format.share(value, 0);
  return estimate && <Figure text={text(estimate.value)} low={text(estimate.low)} high={text(estimate.high)} />;
}

function Alpha({ estimate }: { estimate: Estimate | null }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const text = (value: number): string => format.number(value, 2);
  if (estimate === null) return <span className="quiet">{t('agreement.noAlpha')}</span>;
  return <Figure text={text(estimate.value)} low={text(estimate.low)} high={text(estimate.high)} />;
}
