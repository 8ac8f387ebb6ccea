/** What the words around a number call it: "phone", "order", an amount. In the languages that support teams write most. */

const phoneWords = [
  // A word may go on: phone, phones, phoned.
  ...['tele?ph?on', 'phone', 'mobil', 'handy', 'whats?app', 'telegram', 'móvil', 'celular', 'cellul', 'portable'],
  ...['komórk', 'teléfono', 'téléphone', 'rückruf', 'anruf', 'llám', 'llam', 'appele', 'rappele', 'chiam', 'dzwoń'],
  ...[
    'zadzwoń',
    'cell',
    'ring',
    'ruf',
    'bel me',
    'fon',
    'fax',
    'sms',
    'tel',
    'call',
    'telef',
    'ligar',
    'ligue',
    'ligu',
  ],
  ...['contact', 'kontakt', 'contatt', 'reach', 'erreich', 'joindre', 'localiza', 'raggiung', 'bereik', 'тел', 'звон'],
  ...['my number', 'meine nummer', 'mon numéro', 'mi número', 'mio numero', 'meu número', 'mijn nummer', 'mój numer'],
  ...['numer to', 'call me at', 'numero di cell', 'nr tel', 'text me', 'on my number', 'telefoon', 'gsm'],
];
const unspacedPhoneWords = [
  ...['電話', '携帯', '番号は', '电话', '电話', '手机', '手機', '联系', '聯絡', '전화', '번호', '휴대폰', '연락'],
  ...['โทร', 'เบอร์', 'اتصل', 'هاتف', 'جوال', 'تلفن', 'موبایل', 'فون', 'फ़ोन', 'फोन', 'मोबाइल', 'नंबर', 'טלפון'],
  ...['☎', '📞', '📱', '℡'],
];
const numberWords = [
  ...['order', 'bestell', 'invoice', 'rechnung', 'ticket', 'case', 'reference', 'referenz', 'receipt', 'transaction'],
  ...['transaktion', 'account', 'konto', 'customer', 'kunden', 'tracking', 'parcel', 'policy', 'contract', 'vertrag'],
  ...['serial', 'version', 'sendung', 'paket', 'artikel', 'article', 'item', 'model', 'modell', 'booking', 'buchung'],
  ...['shipment', 'commande', 'facture', 'colis', 'suivi', 'référence', 'dossier', 'client', 'pedido', 'factura'],
  ...['envío', 'seguimiento', 'referencia', 'ordine', 'fattura', 'spedizione', 'pacco', 'riferimento', 'pratica'],
  ...['encomenda', 'fatura', 'rastreio', 'rastreamento', 'referência', 'protocolo', 'bestelling', 'factuur'],
  ...[
    'pakket',
    'klant',
    'zamówien',
    'faktur',
    'przesyłk',
    'paczk',
    'zgłoszen',
    'klienta',
    'seri',
    'product',
    'produkt',
  ],
  ...[
    'produto',
    'producto',
    'prodotto',
    'imei',
    'ean',
    'isbn',
    'barcode',
    'voucher',
    'coupon',
    'transfer id',
    'vorgang',
  ],
  ...[
    'заказ',
    'transakcj',
    'transacc',
    'transac',
    'transazion',
    'transactie',
    'błąd',
    'error',
    'fehler',
    'erreur',
    'code',
  ],
  ...['batch', 'lot', 'charge', 'part', 'zip', 'plz', 'ref', 'sku', 'iban', 'no', 'nr', 'id', 'build', 'log', 'port'],
  ...['record', 'nota fiscal', 'n.º', 'n°', 'nº', 'n.', 'gutschein', 'timestamp', 'epoch', 'session', 'serie', 'série'],
];
const unspacedNumberWords = [
  ...[
    '注文',
    '订单',
    '訂單',
    '单号',
    '單號',
    '追跡',
    '伝票',
    '型番',
    '製品',
    '快递',
    '发票',
    '请求书',
    '請求書',
    '受付',
  ],
  ...['주문', '송장', 'คำสั่งซื้อ', 'พัสดุ', '编号', '編號', '工单', '商品', 'الطلب', 'سفارش'],
];
const currency = [
  ...[
    'eur',
    'usd',
    'gbp',
    'chf',
    'pln',
    'brl',
    'inr',
    'jpy',
    'rs',
    'r\\$',
    'zł',
    'kr',
    'rp',
    'total',
    'betrag',
    'amount',
  ],
  ...['montant', 'importe', 'importo', 'valor', 'kwota', 'bedrag', '金额', '金額', '[#№$€£¥₹￥₩]'],
];

/** Filler between the word and its number: a few short words, without digits. Read backwards from the number. */
const filler = '[^\\p{L}\\d\\n]{0,4}(?:\\p{L}{1,10}[^\\p{L}\\d\\n]{1,3}){0,3}';
const shortFiller =
  '[.:#\\s№º°=\\-]{0,4}(?:(?:number|nummer|numéro|número|numero|nummer|numer|no|nr|num|id|is|was|of|ist|est|es|è|é|to)[.:#\\s]{1,3}){0,2}';
const startOfWord = '(?<!\\p{L})';

const phoneBefore = new RegExp(
  `(?:${startOfWord}(?:${phoneWords.join('|')})[\\p{L}.]{0,12}${filler}|(?:${unspacedPhoneWords.join('|')})[^\\d\\n]{0,8})\\(?$`,
  'u',
);
const numberBefore = new RegExp(
  `(?:${startOfWord}(?:${numberWords.join('|')})[\\p{L}-]{0,16}${shortFiller}|(?:${unspacedNumberWords.join('|')})[^\\d\\n]{0,5}|${startOfWord}(?:${currency.slice(0, -1).join('|')})[.:]?\\s{0,2}|${currency.at(-1) ?? ''}\\s?)$`,
  'u',
);
const moneyAfter =
  /^\s?(?:[$€£¥₹%₩円元원]|(?:eur|usd|gbp|chf|pln|brl|inr|jpy|rs|euros?|dollars?|pounds?|francs?|kr|zł|reais|złotych|rupees|yen)(?!\p{L})|[.,]\d)/u;
const numberAfter =
  /^[^\p{L}\d\n]{0,3}(?:\p{L}{1,4}[^\p{L}\d\n]{1,2}){0,3}(?:order|bestell|invoice|rechnung|pedido|commande|ordine|zamówien|encomenda|bestelling|tracking|reference|referenz|customer|kunden|ticket)/u;

/** Characters before and after a number that are looked at */
const reach = 48;

/** Whether the words before a number call it a telephone number. @param lower a text in small letters */
export const isCalledPhone = (lower: string, at: number): boolean =>
  phoneBefore.test(lower.slice(Math.max(0, at - reach), at));

/** Whether the words before a number call it something else: an order, an amount, a version. */
export const isCalledOtherNumber = (lower: string, at: number): boolean =>
  numberBefore.test(lower.slice(Math.max(0, at - reach), at));

/** Whether the words after a number call it something else: "… is my order". */
export const isCalledOtherNumberAfter = (lower: string, end: number): boolean =>
  numberAfter.test(lower.slice(end, end + reach));

/** Whether a number is an amount: a currency or decimals follow. */
export const isAmount = (lower: string, end: number): boolean => moneyAfter.test(lower.slice(end, end + 12));
