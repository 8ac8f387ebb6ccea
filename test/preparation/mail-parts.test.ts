import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { htmlToText } from '../../src/preparation/html-text.js';
import { bodyOffset, newText } from '../../src/preparation/new-text.js';
import { prepareTicket } from '../../src/preparation/prepare-ticket.js';

/** What the model reads of a mail: what the customer newly wrote. */

const read = (body: string): string => newText(body).text.trim();
const asked = 'My new card has not arrived.\n\nIt was ordered two weeks ago: can you check?';
const quoted = '> Hi Ada,\n> Your top-up was reverted.\n>> Why?\n';

describe('left out is', () => {
  test.each([
    'On Mon, 23 Nov 2026 at 09:14, Example Support <support@example.com> wrote:',
    'On Mon, 23 Nov 2026 at 09:14, Example Support\n<support@example.com> wrote:',
    'Am 23.11.2026 um 09:14 schrieb Example Support <support@example.com>:',
    'Example Support <support@example.com> schrieb am Mo., 23. Nov. 2026, 09:14:',
    'Le lun. 23 nov. 2026 à 09:14, Example Support <support@example.com> a écrit :',
    'El lun, 23 nov 2026 a las 9:14, Example Support (<support@example.com>) escribió:',
    'Il giorno lun 23 nov 2026 alle ore 09:14 Example Support <support@example.com> ha scritto:',
    'Em seg., 23 de nov. de 2026 às 09:14, Example Support <support@example.com> escreveu:',
    'Op ma 23 nov 2026 om 09:14 schreef Example Support <support@example.com>:',
    'pon., 23 lis 2026 o 09:14 Example Support <support@example.com> napisał(a):',
    'W dniu 23.11.2026 o 09:14, Example Support pisze:',
    '2026年11月23日(月) 9:14 Example Support <support@example.com>:',
    'Example Support <support@example.com> 于2026年11月23日周一 09:14写道：',
    'On Mon, 23 Nov 2026 at 09:14, Example Support <<email>> wrote:',
  ])('a quote after "%s"', (attribution) => {
    expect(read(`${asked}\n\n${attribution}\n${quoted}`)).toBe(asked);
    // Some programs mark no line.
    expect(read(`${asked}\n\n${attribution}\n\nHi Ada,\nYour top-up was reverted.`)).toBe(asked);
    // The answer may be below the quote.
    expect(read(`${attribution}\n${quoted}\n${asked}`)).toBe(asked);
  });

  test.each([
    ['From', 'Sent', 'To', 'Subject'],
    ['Von', 'Gesendet', 'An', 'Betreff'],
    ['De', 'Envoyé', 'À', 'Objet'],
    ['De', 'Enviado el', 'Para', 'Asunto'],
    ['Da', 'Inviato', 'A', 'Oggetto'],
    ['De', 'Enviada em', 'Para', 'Assunto'],
    ['Van', 'Verzonden', 'Aan', 'Onderwerp'],
    ['Od', 'Wysłano', 'Do', 'Temat'],
    ['差出人', '送信日時', '宛先', '件名'],
    ['发件人', '发送时间', '收件人', '主题'],
  ])('all below the header of an earlier mail: %s, %s', (...names) => {
    const header = names.map(
      (name, index) => `${name}: ${['Support', '23.11.2026 09:14', 'Ada', 'RE: card'][index] ?? ''}`,
    );
    for (const separator of ['', '________________________________\n', '-----Original Message-----\n']) {
      expect(read(`${asked}\n\n${separator}${header.join('\n')}\n\nHi Ada,\nYour top-up was reverted.`)).toBe(asked);
    }
    expect(read(`---------- Forwarded message ---------\n${header.join('\n')}\n\n${asked}`)).toBe(asked);
  });

  test.each([
    ['-- ', 'Ada Example', 'Example Trading Ltd', 'www.example.com'],
    ['Kind regards,', 'Ada Example', 'Payments and Transfers'],
    ['Mit freundlichen Grüßen', '', 'Ada Beispiel'],
    ['Cordialement,', 'Ada'],
    ['Un saludo,', 'Ada'],
    ['Cordiali saluti', 'Ada'],
    ['Atenciosamente,', 'Ada'],
    ['Met vriendelijke groet,', 'Ada'],
    ['Pozdrawiam', 'Ada'],
    ['よろしくお願いいたします。', '山田'],
    ['谢谢', '王小明'],
    ['Sent from my iPhone'],
    ['Von meinem iPhone gesendet'],
    ['Envoyé de mon iPhone'],
    ['Enviado desde mi iPhone'],
    ['Inviato da iPhone'],
    ['Verzonden vanaf mijn iPhone'],
    ['Wysłane z iPhone’a'],
    ['iPhoneから送信'],
    ['发自我的iPhone'],
  ])('what stands below: %s', (...lines) => {
    expect(read(`${asked}\n\n${lines.join('\n')}`)).toBe(asked);
    expect(read(`${asked}\n\n${lines.join('\n')}\n\nOn 23 Nov 2026 at 09:14, Support wrote:\n${quoted}`)).toBe(asked);
  });

  test.each([
    'This e-mail and any attachments are confidential. If you are not the intended recipient please delete it.',
    'Diese E-Mail enthält vertrauliche und rechtlich geschützte Informationen. Wenn Sie nicht der richtige Adressat sind, vernichten Sie diese E-Mail.',
    'Ce message et toutes les pièces jointes sont confidentiels et établis à l’intention de leur destinataire.',
  ])('a legal notice: %s', (notice) => {
    expect(read(`${asked}\n\n${notice}`)).toBe(asked);
  });

  test('images in the text', () => {
    const data = 'iVBORw0KGgo9Aa+/'.repeat(300);
    expect(read(`${asked}\n[cid:image001.png]\ndata:image/png;base64,${data}`)).toBe(asked);
    expect(read(`${asked}\n[image: logo.png]`)).toBe(asked);
    expect(read(`${asked}\n${data.match(/.{76}/g)?.join('\n') ?? ''}`)).toBe(asked);
  });

  test('the history in the HTML of mail programs', () => {
    const quote = '<blockquote><div>Hi Ada,<br>Your top-up was reverted.</div></blockquote>';
    for (const html of [
      `<div dir="ltr">Where is it?</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, 23 Nov 2026 at 09:14, A &lt;<a href="mailto:a@b.co">a@b.co</a>&gt; wrote:<br></div>${quote}</div>`,
      `<div>Where is it?</div><div class="gmail_signature">Ada<br>Payments</div>`,
      `<div class="WordSection1"><p>Where is it?</p><div style="border:none"><p><b>From:</b> Support<br><b>Sent:</b> Monday<br><b>To:</b> Ada<br><b>Subject:</b> Card</p></div><p>Hi Ada,</p></div>`,
      `<div>Where is it?</div><div><br><blockquote type="cite"><div>On 23 Nov 2026, at 09:14, Support wrote:</div>${quote}</blockquote></div>`,
      `<p>Where is it?</p><div class="moz-cite-prefix">Am 23.11.26 um 09:14 schrieb Support:</div>${quote}<pre class="moz-signature">Ada</pre>`,
      `<p>Where is it? <img src="data:image/png;base64,iVBORw0KGgo"></p>`,
    ]) {
      expect(read(htmlToText(html))).toBe('Where is it?');
    }
  });
});

describe('kept is', () => {
  test.each([
    'My friend wrote: you are great',
    'From: London\nTo: Paris\nWhen can I fly?',
    'Hello\n\n1 -- 2 -- 3\nwhere is it?',
    'Thanks\n\nI still have not received my card, where is it?',
    '> is greater than my limit, why?',
    'The app says:\n\nError 42\n\nWhat now?',
    'On my card it says 12/27, they wrote:\nnothing else',
    'Please keep this confidential.\n\nMy card was stolen.',
  ])('%s', (text) => {
    expect(newText(text)).toEqual({ text, left: [] });
  });

  test('everything, where nothing would be left', () => {
    for (const text of [quoted, '-- \nAda', 'Sent from my iPhone', 'Kind regards,\nAda']) {
      expect(newText(text).text).toBe(text);
    }
  });

  test('any text of one line', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[\n[]|base64/.test(text)),
        (text) => {
          expect(newText(text).text).toBe(text);
        },
      ),
    );
  });

  test('the order and the offsets of what was written', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '> old',
        '-- ',
        'Regards,',
        'On 23 Nov 2026 at 09:14, a@b.co wrote:',
        'From: a',
        'Sent: b',
        'To: c',
        '',
        asked,
      ),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const body = pieces.join('\n');
        const { text, left } = newText(body);
        for (let at = 0; at < text.length; at += 1) expect(body[bodyOffset(left, at)]).toBe(text[at]);
        expect(text.trim() === '').toBe(body.trim() === '');
      }),
    );
  });
});

test('the stored body keeps what the model skips', () => {
  const ticket = { subject: '', body: `${asked}\n\n${quoted}`, language: null, fields: {} };
  expect(prepareTicket(ticket, 'standard').body).toBe(ticket.body);
});
