/**
 * Webhook payloads: Slack's incoming webhooks, and version 4 of Alertmanager's webhook payload. Words of tickets are included only
 * where that is allowed.
 */
import type { Alert } from '../../records/monitoring/alert.entity.js';
import type { AlertEventKind } from './alert-lifecycle.js';

export const webhookFormats = ['slack', 'alertmanager'] as const;
export type WebhookFormat = (typeof webhookFormats)[number];

export type AlertSummary = Pick<
  Alert,
  'id' | 'modelVersion' | 'stream' | 'cause' | 'state' | 'action' | 'headline' | 'owner' | 'openedAt' | 'closedAt'
>;

export interface AlertNotification {
  /** Id of the event: a second delivery has the same */
  event: number;
  kind: AlertEventKind;
  at: Date;
  actor: string;
  reason: string | null;
  alert: AlertSummary;
  /** Typical words of the tickets; empty where they may not leave the service */
  words: string[];
}

const eventTitles: Record<AlertEventKind, string> = {
  opened: 'New alert',
  updated: 'Alert updated',
  acknowledged: 'Alert acknowledged',
  snoozed: 'Alert snoozed',
  closed: 'Alert closed',
  reopened: 'Alert reopened',
};

export function webhookBody(format: WebhookFormat, notification: AlertNotification): object {
  return format === 'slack' ? slackMessage(notification) : alertmanagerMessage(notification);
}

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: `text` is what notifications show. */
function slackMessage(notification: AlertNotification): object {
  const { alert, kind, actor, reason, words } = notification;
  const title = `${eventTitles[kind]} ${alert.id}: ${alert.headline}`;
  const byWhom = actor === 'monitor' ? [] : [`by ${actor}`];
  const context = [
    `proposed action: ${alert.action}`,
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

/** Escapes Slack's three control characters. A block holds 3,000 characters. */
const slackText = (text: string): string =>
  text.slice(0, 2_000).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
function alertmanagerMessage({ alert, reason, words, kind }: AlertNotification): object {
  const isResolved = alert.state === 'closed';
  const status = isResolved ? 'resolved' : 'firing';
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
    description: reason ?? eventTitles[kind],
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
        endsAt: (isResolved && alert.closedAt ? alert.closedAt : new Date(0)).toISOString(),
        generatorURL: `/api/v1/alerts/${alert.id}`,
        fingerprint: String(alert.id),
      },
    ],
  };
}
