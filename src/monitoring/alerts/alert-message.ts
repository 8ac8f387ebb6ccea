/**
 * What a webhook is sent: Slack's incoming webhooks, and what Alertmanager sends to its receivers (version 4 of its webhook
 * payload). Words of tickets are part of it only where that is allowed.
 */
import type { Alert } from '../../records/alert.entity.js';
import type { AlertEventKind } from './alert-lifecycle.js';

export const webhookFormats = ['slack', 'alertmanager'] as const;
export type WebhookFormat = (typeof webhookFormats)[number];

export type ToldAlert = Pick<
  Alert,
  'id' | 'modelVersion' | 'stream' | 'cause' | 'state' | 'action' | 'headline' | 'owner' | 'openedAt' | 'closedAt'
>;

export interface AlertNews {
  /** Of the event: a second delivery has the same */
  event: number;
  kind: AlertEventKind;
  at: Date;
  actor: string;
  reason: string | null;
  alert: ToldAlert;
  /** Words of tickets that show the cause; empty where they may not leave */
  words: string[];
}

const toldAs: Record<AlertEventKind, string> = {
  opened: 'New alert',
  updated: 'Alert changed',
  acknowledged: 'Alert acknowledged',
  snoozed: 'Alert put off',
  closed: 'Alert closed',
  reopened: 'Alert is back',
};

export function webhookBody(format: WebhookFormat, news: AlertNews): object {
  return format === 'slack' ? slackMessage(news) : alertmanagerMessage(news);
}

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: `text` is what notifications show. */
function slackMessage(news: AlertNews): object {
  const { alert, kind, actor, reason, words } = news;
  const title = `${toldAs[kind]} ${alert.id}: ${alert.headline}`;
  const byWhom = actor === 'monitor' ? [] : [`by ${actor}`];
  const context = [
    `proposed: ${alert.action}`,
    `model ${alert.modelVersion}`,
    ...(alert.stream === 'sample' ? ['sample tickets'] : []),
    ...byWhom,
    ...(reason === null ? [] : [reason]),
    ...(words.length > 0 ? [`words: ${words.join(', ')}`] : []),
  ].join(' · ');
  return {
    text: slackText(title),
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: `*${slackText(title)}*` } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: slackText(context) }] },
    ],
  };
}

/** The three signs that Slack takes for its own. A block holds 3,000 characters. */
const slackText = (text: string): string =>
  text.slice(0, 2_000).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
function alertmanagerMessage({ alert, reason, words, kind }: AlertNews): object {
  const isOver = alert.state === 'closed';
  const status = isOver ? 'resolved' : 'firing';
  const labels = {
    alertname: 'ReplyrankDrift',
    cause: alert.cause,
    action: alert.action,
    model_version: alert.modelVersion,
    stream: alert.stream,
    state: alert.state,
    severity: alert.action === 'record' ? 'info' : 'warning',
  };
  const annotations = {
    summary: alert.headline,
    description: reason ?? toldAs[kind],
    ...(words.length > 0 && { words: words.join(', ') }),
  };
  const { alertname } = labels;
  return {
    version: '4',
    groupKey: `{}:{alertname="${alertname}",alert="${alert.id}"}`,
    truncatedAlerts: 0,
    status,
    receiver: 'replyrank',
    groupLabels: { alertname },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: '',
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt: alert.openedAt.toISOString(),
        endsAt: (isOver && alert.closedAt ? alert.closedAt : new Date(0)).toISOString(),
        generatorURL: `/api/v1/alerts/${alert.id}`,
        fingerprint: String(alert.id),
      },
    ],
  };
}
