/** How mail programs and people mark what is not new in a mail, in the languages that support teams write most. */

const anyOf = (...words: string[]): string => `(?:${words.join('|')})`;

/** The line before a quote: "On Mon, 23 Nov 2026 at 09:14, Example Support wrote:" */
export const attribution = new RegExp(
  `^${anyOf(
    'On .{4,240}(?:wrote|said)',
    '.{2,200} (?:wrote|writes)(?: on .{4,60})?',
    '(?:Am|Den|Op|W|Dnia|Le|El|Il|Em|No dia|A) .{4,240}(?:schrieb|geschrieben|schreef|a écrit|escribió|escribió el|ha scritto|escreveu|napisał|napisała|napisał\\(a\\)|napisano|pisze)(?: .{1,120})?',
    '.{2,200} (?:schrieb am|schreef op|a écrit le|escribió el|ha scritto il|escreveu em) .{4,120}',
    'Op .{4,240} heeft .{2,200} het volgende geschreven',
    '(?:pon|wt|śr|czw|pt|sob|niedz?)\\..{4,240}(?:napisał|napisała|napisał\\(a\\))(?: .{1,120})?',
    '.{2,200}さん?(?:は|が)?.{0,60}(?:書きました|のメール)',
    '\\d{4}年\\d{1,2}月\\d{1,2}日.{0,200}',
    '.{2,200}(?:写道|寫道|作成)',
    // In any language: a date and an address before a colon
    '(?=.{0,200}\\d{1,2}[:.h]\\d{2})(?=.{0,200}(?:@|<email>)).{10,240}',
  )} ?[:：]$`,
  'iu',
);
export const maxAttributionLines = 3;
/** How one starts that may go on in the next line */
export const wrappedAttribution =
  /^(?:On|Am|Den|Op|W|Dnia|Le|El|Il|Em|No dia|A|pon|wt|śr|czw|pt|sob|niedz?)[ .].{0,60}\d|^\d{4}[年/-]/u;

/** Lines of the header of a quoted or forwarded mail */
const senders = anyOf(
  'From',
  'Von',
  'De',
  'Da',
  'Van',
  'Od',
  'Fra',
  'Från',
  'От',
  '差出人',
  '送信者',
  '发件人',
  '寄件者',
  '寄件人',
  '보낸 사람',
);
const others = anyOf(
  'Sent|Date|To|Cc|Bcc|Subject|Reply-To|Importance|Attachments',
  'Gesendet|Datum|An|Betreff|Wichtigkeit|Anlagen',
  'Envoyé|Envoyé le|À|Objet|Répondre à|Pièces jointes',
  'Enviado|Enviado el|Enviada|Enviada em|Fecha|Para|Asunto|Assunto|Data|CC',
  'Inviato|A|Oggetto',
  'Verzonden|Aan|Onderwerp|Bijlagen',
  'Wysłano|Wysłane|Do|DW|Temat|Załączniki',
  'Sendt|Til|Emne|Skickat|Till|Ämne|Отправлено|Дата|Кому|Тема',
  '送信日時|日時|日付|宛先|件名|发送时间|日期|时间|收件人|抄送|主题|傳送時間|寄件日期|收件者|副本|主旨|主題|보낸 날짜|받는 사람|제목',
);
export const senderLine = new RegExp(`^[*_ ]{0,3}${senders}[*_ ]{0,3} ?[:：]`, 'u');
export const headerLine = new RegExp(`^[*_ ]{0,3}(?:${senders}|${others})[*_ ]{0,3} ?[:：]`, 'u');

const originals = anyOf(
  ...['Original Message', 'Original Appointment', 'Reply message', 'Ursprüngliche Nachricht', 'Originalnachricht'],
  ...["Message d['’]origine", "Message d['’]origine", 'Message original', 'Mensaje original', 'Messaggio originale'],
  ...['Mensagem original', 'Oorspronkelijk bericht', 'Wiadomość oryginalna', 'Oryginalna wiadomość', '元のメッセージ'],
  ...['原始邮件', '原始郵件', '原始信件', '원본 메시지'],
);
const forwards = anyOf(
  ...[
    'Forwarded message',
    'Forwarded by .{1,80}',
    'Weitergeleitete Nachricht',
    'Message transféré',
    'Mensaje reenviado',
  ],
  ...['Messaggio inoltrato', 'Mensagem encaminhada', 'Mensagem reencaminhada', 'Doorgestuurd bericht'],
  ...['Przekazana wiadomość', 'Wiadomość przekazana', '転送メッセージ', 'Forwarded Message', '转发的邮件', '转发邮件'],
  ...['轉寄郵件', '轉寄的郵件', '전달된 메시지'],
);
export const originalLine = new RegExp(`^-{2,} ?${originals} ?-{2,}$|^_{20,}$|^-{20,}$`, 'iu');
export const forwardLine = new RegExp(
  `^-{2,} ?${forwards} ?-{2,}$|^${anyOf(
    ...['Begin forwarded message', 'Anfang der weitergeleiteten (?:Nachricht|E-Mail)', 'Début du message transféré'],
    ...['Début du message réexpédié', 'Inicio del mensaje reenviado', 'Inizio messaggio inoltrato'],
    ...[
      'Início da mensagem (?:reencaminhada|encaminhada)',
      'Begin doorgestuurd bericht',
      'Początek przekazanej wiadomości',
    ],
    ...['Początek przekazywanej wiadomości', '転送されたメッセージ', '開始轉寄郵件', '下面是被转发的邮件'],
  )} ?[:：]$`,
  'iu',
);

/** The delimiter of RFC 3676, and its variants */
export const signatureDelimiter = /^(?:--|—|––) ?$/;
export const sentFrom = new RegExp(
  `^${anyOf(
    ...[
      '(?:Sent|Get Outlook) (?:from|for|via|with) .{2,60}',
      'Sent from my .{2,60}',
      '(?:Von|Mit|Gesendet|Diese Nachricht wurde) .{0,40}(?:gesendet|von meinem .{2,40}|mit der .{2,40} App.{0,20})',
    ],
    ...[
      'Gesendet (?:von|mit) .{2,60}',
      'Envoyé (?:de|depuis|à partir de) .{2,60}',
      'Enviado (?:desde|do|da|de) .{2,60}',
    ],
    ...[
      'Inviato da .{2,60}',
      'Verzonden (?:vanaf|met|via) .{2,60}',
      'Wysłan[eo] (?:z|za pomocą) .{2,60}',
      '.{2,30}から送信',
    ],
    ...['发自我的.{2,30}', '從我的.{2,30}(?:傳送|寄出)', '从我的.{2,30}发送', '나의 .{2,30}에서 보냄'],
  )}\\.?$`,
  'iu',
);

/** Closings before a name. The line holds nothing else. */
export const closing = new RegExp(
  `^(?:${anyOf(
    ...[
      '(?:many thanks and )?(?:kind|best|warm|warmest)(?: regards| wishes)?',
      '(?:with )?(?:kind |best |warm )?regards',
      'best',
      'cheers',
    ],
    ...[
      '(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?',
      'yours',
      '(?:many )?thanks(?: and (?:kind |best )?regards)?',
      'thank you',
    ],
    ...[
      '(?:mit )?(?:freundlichen|besten|herzlichen|lieben|vielen) (?:grüßen|grüssen|dank)',
      '(?:viele|liebe|beste|freundliche|herzliche|schöne) (?:grüße|grüsse)',
    ],
    ...['grüße', 'gruß', 'lg', 'mfg', 'vg', 'hochachtungsvoll', 'danke', 'vielen dank'],
    ...[
      '(?:bien )?cordialement',
      'bien à vous',
      'sincères salutations',
      'salutations(?: distinguées)?',
      "merci(?: beaucoup| d[’']avance)?",
    ],
    ...[
      '(?:un )?(?:cordial )?saludos?(?: cordiales)?',
      'atentamente',
      '(?:muchas )?gracias(?: y saludos)?',
      'cordiali saluti',
      'distinti saluti',
    ],
    ...[
      'saluti',
      'grazie(?: mille)?',
      'cordialmente',
      '(?:com os )?(?:melhores )?cumprimentos',
      'atenciosamente',
      'att',
      '(?:muito )?obrigad[oa]',
    ],
    ...[
      '(?:met )?vriendelijke groet(?:en)?',
      'groet(?:en|jes)?',
      'hartelijke groet(?:en)?',
      'mvg',
      'bedankt',
      '(?:z )?poważaniem',
      'pozdrawiam(?: serdecznie)?',
    ],
    ...[
      'pozdrowienia',
      'dziękuję',
      'よろしくお願い(?:いた|致)?します',
      '敬具',
      '以上',
      '此致',
      '敬礼',
      '谢谢',
      '祝好',
      '감사합니다',
    ],
  )})[ ,.!。，！]*$`,
  'iu',
);

/** Words of legal notices below a mail; a paragraph with two of them is one. */
export const disclaimerWords = new RegExp(
  anyOf(
    ...[
      'confidential',
      'intended recipient',
      'privileged',
      'notify the sender',
      'unauthori[sz]ed',
      'e-?mail and any attachments',
    ],
    ...[
      'virus',
      'environment before printing',
      'legally protected',
      'delete (?:it|this)',
      'registered in',
      'liability',
    ],
    ...[
      'vertraulich',
      'rechtlich geschützt',
      'bestimmungsgemäß',
      'richtige adressat',
      'informieren sie bitte',
      'unbefugte',
      'irrtümlich',
    ],
    ...[
      'haftung',
      'vernichten sie',
      'confidentiel',
      'destinataire',
      'par erreur',
      'pièces jointes',
      'détruire',
      'imprimer ce',
      'strictement interdit',
    ],
    ...[
      'confidencial',
      'destinatario',
      'por error',
      'prohibid[oa]',
      'archivos adjuntos',
      'elimin(?:e|arlo)',
      'riservat[oei]',
      'destinatari[oi]',
    ],
    ...[
      'per errore',
      'allegati',
      'vietat[oa]',
      'destinatário',
      'por engano',
      'anexos',
      'proibid[oa]',
      'vertrouwelijk',
      'geadresseerde',
    ],
    ...[
      'abusievelijk',
      'bijlagen',
      'verboden',
      'aansprakelijk',
      'poufn',
      'adresata',
      'omyłkowo',
      'załącznik',
      'zabronion',
      '機密',
      '秘密',
    ],
    ...['受信者', '誤って', '添付', '削除', '保密', '机密', '收件人', '误收', '删除', '附件'],
  ),
  'giu',
);

/** Helpdesks write this above the history. */
export const replyAbove =
  /^[-# ]{0,6}(?:please )?(?:type your reply|reply|respond|antworten sie|répondez|bitte antworten sie) (?:above|oberhalb|au-dessus|über).{0,40}$/iu;
