import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../ui/format.js';
import { Empty, Loaded, PageBody, Section, Table } from '../../ui/parts.js';
import { auditLogQuery } from '../queries.js';

/** Who changed what. */
export default function AuditLogPage() {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const log = useInfiniteQuery(auditLogQuery);
  return (
    <PageBody title={t('audit.title')} description={t('audit.description')}>
      <Section title={t('audit.entries')}>
        <Loaded query={log} lines={8}>
          {({ pages }) => {
            const entries = pages.flatMap(({ items }) => items);
            return entries.length === 0 ? (
              <Empty title={t('audit.none')} />
            ) : (
              <Table label={t('audit.entries')}>
                <thead>
                  <tr>
                    <th>{t('decisions.time')}</th>
                    <th>{t('audit.actor')}</th>
                    <th>{t('audit.action')}</th>
                    <th>{t('audit.target')}</th>
                    <th>{t('audit.detail')}</th>
                  </tr>
                </thead>
                <tbody>
                  {entries.map(({ id, at, actor, action, target, detail }) => (
                    <tr key={id}>
                      <td data-fixed>{format.moment(at)}</td>
                      <td>{actor}</td>
                      <td data-fixed>
                        <code>{action}</code>
                      </td>
                      <td>{target}</td>
                      <td className="quiet">
                        {Object.entries(detail)
                          .map(
                            ([name, value]) =>
                              `${name}: ${typeof value === 'string' ? format.text(value) : JSON.stringify(value)}`,
                          )
                          .join(', ')}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </Table>
            );
          }}
        </Loaded>
        {log.hasNextPage && (
          <Button
            size="xs"
            variant="default"
            mt="sm"
            loading={log.isFetchingNextPage}
            onClick={() => void log.fetchNextPage()}
          >
            {t('audit.more')}
          </Button>
        )}
      </Section>
    </PageBody>
  );
}
