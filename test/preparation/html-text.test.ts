import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { htmlToText } from '../../src/preparation/html-text.js';

describe('HTML', () => {
  test('becomes text', () => {
    const html =
      '<html><body><p>Hello,</p><p>see <a href="https://x.example/y">here</a> &amp; <b>there</b></p></body></html>';
    expect(htmlToText(html)).toBe('Hello,\n\nsee here & there');
  });

  test('is not seen where there is none', () => {
    for (const text of [
      'a < b and c > d',
      'List<String> x\n\ny',
      'press <enter>',
      'I wrote <b> in it\n\nand more',
      'R&amp;D',
      'if a < b and c > d',
      'I <3 this bank',
      'from <ada@example.com> and <https://example.com>',
      'x<y>z <-- look',
      '<xml>',
    ]) {
      expect(htmlToText(text)).toBe(text);
    }
  });

  test('that is nested too deep still gives its text', () => {
    const deep = `${'<div>'.repeat(15_000)}word${'</div>'.repeat(15_000)}`;
    expect(htmlToText(deep).trim()).toBe('word');
  });

  test('never throws, whatever it is', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('<p>', '</p>', '<br>', '<div class="', '<!--', '&#0;', '<table><tr>', '</html>'),
    );
    fc.assert(fc.property(fc.array(piece), (pieces) => void htmlToText(pieces.join(''))));
  });

  test('keeps cells, list items and lines apart', () => {
    expect(htmlToText('<table><tr><td>Card</td><td>4111</td><td>Expiry</td></tr><tr><th>IBAN</th></tr></table>')).toBe(
      'Card 4111 Expiry\nIBAN',
    );
    expect(htmlToText('<ul><li>one<li>two</ul><ol><li>a</li><li>b</li></ol>x<br>y')).toBe(
      '* one\n* two\n\n1. a\n2. b\n\nx\ny',
    );
  });

  test('is known by its elements, whichever they are', () => {
    for (const html of [
      '<section>a</section>',
      'a<br>',
      '<P>a',
      '<kbd>a</kbd>',
      '<html><head><style>.x{y:z}</style></head><body><p class="x">a</p></body></html>',
      '<!DOCTYPE html><title>t</title>a',
      '<o:p></o:p><span>a</span>',
      '<img src="x.png">a',
    ]) {
      expect(htmlToText(html)).toBe('a');
    }
  });

  test('quotes keep their mark', () => {
    expect(htmlToText('<p>new</p><blockquote>old<br>older<blockquote>oldest</blockquote></blockquote>')).toBe(
      'new\n\n> old\n> older\n>\n> > oldest',
    );
  });

  test('an address in angle brackets is text', () => {
    expect(htmlToText('<p>From Ada <ada@example.com></p>')).toContain('ada@example.com');
  });

  test('loses no words to an element that is never closed', () => {
    for (const name of ['title', 'script', 'style', 'head', 'template']) {
      expect(htmlToText(`<html><${name}>where is my card`)).toContain('where is my card');
    }
  });
});
