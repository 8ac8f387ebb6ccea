/** The messages of the pages, in the browser's language or the one the user has chosen. */
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import de from '../messages/de.json';
import { inBrowser } from './kept.js';
import en from '../messages/en.json';
import type engineersEn from '../messages/engineers.en.json';
import type serviceMessagesDe from '../messages/service-messages.de.json';
import type templatesEn from '../messages/templates.en.json';

export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: {
      translation: typeof en;
      engineers: typeof engineersEn;
      templates: typeof templatesEn;
      serviceMessages: typeof serviceMessagesDe;
    };
  }
}

const kept = 'replyrank.language';

export function startLanguage(): void {
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language;
  });
  void i18next.use(initReactI18next).init({
    lng: chosenLanguage(),
    fallbackLng: 'en',
    supportedLngs: Object.keys(languages),
    resources: { en: { translation: en }, de: { translation: de } },
    // React writes text as text.
    interpolation: { escapeValue: false },
  });
}

/** The messages of the ML pages, which agents do not load. */
export async function addEngineersMessages(): Promise<void> {
  const [english, german] = await Promise.all([
    import('../messages/engineers.en.json'),
    import('../messages/engineers.de.json'),
  ]);
  i18next.addResourceBundle('en', 'engineers', english.default);
  i18next.addResourceBundle('de', 'engineers', german.default);
}

/** The messages of the template pages. */
export async function addTemplatesMessages(): Promise<void> {
  const [english, german] = await Promise.all([
    import('../messages/templates.en.json'),
    import('../messages/templates.de.json'),
  ]);
  i18next.addResourceBundle('en', 'templates', english.default);
  i18next.addResourceBundle('de', 'templates', german.default);
}

export function chooseLanguage(language: string): void {
  inBrowser().setItem(kept, language);
  void i18next.changeLanguage(language);
}

/** The page's language as the reader's region writes it: the British have other clocks than the Americans. */
export const localeOf = (language: string): string =>
  navigator.languages.find((name) => name.slice(0, 2) === language && isLocale(name)) ?? language;

/** Some browsers name what no standard knows, such as en-US@posix. */
function isLocale(name: string): boolean {
  try {
    return Intl.getCanonicalLocales(name).length === 1;
  } catch {
    return false;
  }
}

function chosenLanguage(): Language {
  const wanted = [inBrowser().getItem(kept), ...navigator.languages].map((name) => name?.slice(0, 2));
  return wanted.find((name): name is Language => name !== undefined && name in languages) ?? 'en';
}
