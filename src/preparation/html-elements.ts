/** The elements of HTML, obsolete ones included, by what they do to the text. Source: the HTML standard, sections 4 and 16. */

const list = (names: string): ReadonlySet<string> => new Set(names.split(' '));

export const inlineElements = list(
  'a abbr acronym applet audio b basefont bdi bdo big blink button canvas center cite code data datalist del dfn em embed ' +
    'font i iframe img input ins kbd label map mark marquee meter nobr object output picture progress q rb rp rt rtc ruby s ' +
    'samp select slot small source span strike strong sub sup svg textarea time track tt u var video wbr',
);
/** Stand in lines of their own */
export const blockElements = list(
  'address article aside body caption colgroup dd details dialog dir div dl dt fieldset figcaption figure footer form ' +
    'frameset header hgroup html legend li main menu nav noframes noscript optgroup option search section summary table tbody ' +
    'tfoot thead tr',
);
/** Set apart by an empty line */
export const paragraphElements = list('blockquote center h1 h2 h3 h4 h5 h6 listing ol p plaintext pre ul xmp');
/** Their content is not text for a reader. */
export const hiddenElements = list('head script style template title');
/** They have no content and no end. */
export const emptyElements = list('area base br col frame hr img input link meta param source track wbr');
/** Their end may be left out. */
export const unclosedElements = list('body dd dt head html li option p tbody td tfoot th thead tr');

export const isElement = (name: string): boolean =>
  inlineElements.has(name) ||
  blockElements.has(name) ||
  paragraphElements.has(name) ||
  hiddenElements.has(name) ||
  emptyElements.has(name) ||
  name === 'td' ||
  name === 'th';
