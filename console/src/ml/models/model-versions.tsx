import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { Models } from '../api.js';
import { useFormat } from '../../ui/format.js';
import { factsOf } from './model-facts.js';
import { FigureHead, Table } from '../../ui/parts.js';
import { RolloutActions } from '../training/rollout-actions.js';

export function ModelVersions({ models }: { models: Models }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  return (
    <Table label={t('models.versions')}>
      <thead>
        <tr>
          <th>{t('models.version')}</th>
          <th>{t('models.aliases')}</th>
          <th>{t('models.trained')}</th>
          <FigureHead name={t('models.labels')} term="label" />
          <FigureHead name={t('models.templates')} term="reply-template" />
          <FigureHead name={t('models.top1')} term="top-1-accuracy" />
          <FigureHead name={t('models.hits3')} term="top-3-accuracy" />
          <th>
            <span className="unseen">{t('models.actions')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {models.items.map((one) => {
          const facts = factsOf(one);
          return (
            <tr key={one.version}>
              <td>
                <Link className="version" href={`/${encodeURIComponent(one.version)}`}>
                  {one.version}
                </Link>
              </td>
              <td data-fixed>
                {one.aliases.map((alias) => (
                  <Badge key={alias} size="sm" mr={4} variant="light" color={alias === 'champion' ? 'green' : 'indigo'}>
                    {alias === 'champion' ? t('models.champion') : t('models.challenger')}
                  </Badge>
                ))}
              </td>
              <td data-fixed>{format.moment(one.createdAt)}</td>
              <td data-number>{facts.rows === null ? '–' : format.number(facts.rows)}</td>
              <td data-number>{facts.templates === null ? '–' : format.number(facts.templates)}</td>
              <td data-number>{facts.top1 === null ? '–' : format.percent(facts.top1)}</td>
              <td data-number>{facts.hits3 === null ? '–' : format.percent(facts.hits3)}</td>
              <td>{!one.aliases.includes('champion') && <RolloutActions version={one.version} models={models} />}</td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}
