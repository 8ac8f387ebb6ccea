/** A ticket's text as mails carry it: with what mail programs and people add. */
import { seeded } from '../../src/statistics/random.js';

/** Answers of a support team, on other topics than most tickets */
const answers = [
  'Thank you for contacting us. Your top-up was reverted because the card payment was declined. You can verify your identity in the app to raise your limits.',
  'Your refund has been issued and should show on your statement within five working days. Let us know about exchange rates if you need them.',
  'We have ordered a new card for you, it will arrive in about a week. You can activate it in the app under Cards.',
];
const signature =
  '\n\n-- \nAda Example\nSenior Account Manager | Example Trading Ltd\n12 Example Street, London\nT: +44 20 7946 0000 | M: +44 7700 900000 | www.example.com\nFollow us on LinkedIn';
const closing = '\n\nKind regards,\nAda Example\nTransfers and Payments Team, Example Trading Ltd\nwww.example.com';
const disclaimer =
  '\n\nThis e-mail and any attachments are confidential and may be privileged. If you are not the intended recipient please delete it, notify the sender and do not copy or disclose its contents. We accept no liability for viruses, transfers or losses. Please consider the environment before printing this e-mail.';
const header =
  'From: Example Support <support@example.com>\nSent: Monday, November 23, 2026 9:14 AM\nTo: Ada Example\nSubject: RE: Your request\n';
const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const paragraphs = (text: string): string =>
  text
    .split('\n')
    .map((line) => `<p class="MsoNormal">${escaped(line) || '&nbsp;'}</p>`)
    .join('');

/** @param seed decides the answers and images */
export function mailKinds(seed: number): Record<string, (text: string) => string> {
  const random = seeded(seed);
  const answer = (): string => answers[Math.floor(random() * answers.length)] ?? '';
  const image = (): string => Array.from({ length: 3000 }, () => base64.charAt(Math.floor(random() * 64))).join('');
  const attribution = 'On Mon, 23 Nov 2026 at 09:14, Example Support &lt;support@example.com&gt; wrote:';
  return {
    plain: (text) => text,
    quote: (text) =>
      `${text}\n\nOn Mon, 23 Nov 2026 at 09:14, Example Support <support@example.com> wrote:\n> Hi Ada,\n> ${answer()}\n> Kind regards,\n> Example Support\n`,
    'quote below': (text) =>
      `On Mon, 23 Nov 2026 at 09:14, Example Support wrote:\n> Hi Ada,\n> ${answer()}\n\n${text}`,
    'German quote': (text) =>
      `${text}\n\nAm 23.11.2026 um 09:14 schrieb Example Support <support@example.com>:\n> Hallo Ada,\n> ${answer()}\n`,
    'Outlook header': (text) =>
      `${text}\n\n________________________________\n${header}\nHi Ada,\n${answer()}\nKind regards,\nExample Support`,
    disclaimer: (text) => text + signature + disclaimer,
    'inline image': (text) => `${text}\n[cid:image001.png]\ndata:image/png;base64,${image()}`,
    signature: (text) => text + signature,
    closing: (text) => text + closing,
    'sent from phone': (text) => `${text}\n\nSent from my iPhone`,
    forwarded: (text) =>
      `---------- Forwarded message ---------\nFrom: Ada Example <ada@example.com>\nDate: Mon, 23 Nov 2026 at 09:14\nSubject: Question\nTo: Example Support\n\n${text}`,
    'Gmail HTML': (text) =>
      `<div dir="ltr">${escaped(text)}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">${attribution}<br></div><blockquote class="gmail_quote" style="margin:0px"><div>Hi Ada,<br>${answer()}</div></blockquote></div>`,
    'Outlook HTML': (text) =>
      `<html><head><style>p.MsoNormal{margin:0cm}</style></head><body><div class="WordSection1">${paragraphs(text)}<div style="border-top:solid #E1E1E1 1.0pt">${header
        .split('\n')
        .map((line) =>
          line.replace(/^(\w+:)(.*)$/, (_, name: string, value: string) => `<b>${name}</b>${escaped(value)}<br>`),
        )
        .join('')}</div>${paragraphs(`Hi Ada,\n${answer()}`)}</div></body></html>`,
    'Apple Mail HTML': (text) =>
      `<html><body><div>${escaped(text)}</div><div><br><blockquote type="cite"><div>On 23 Nov 2026, at 09:14, Example Support &lt;support@example.com&gt; wrote:</div><br><div>Hi Ada, ${answer()}</div></blockquote></div></body></html>`,
    'Thunderbird HTML': (text) =>
      `<html><body><p>${escaped(text)}</p><div class="moz-cite-prefix">On 23/11/2026 09:14, Example Support wrote:<br></div><blockquote type="cite"><p>Hi Ada, ${answer()}</p></blockquote><div class="moz-signature">Ada Example<br>Transfers Team</div></body></html>`,
  };
}
