/** The page's words, in the language of the browser or the one that was chosen. */
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import de from './messages/de.json';
import en from './messages/en.json';

export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
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

export function chooseLanguage(language: string): void {
  localStorage.setItem(kept, language);
  void i18next.changeLanguage(language);
}

function chosenLanguage(): Language {
  const wanted = [localStorage.getItem(kept), ...navigator.languages].map((name) => name?.slice(0, 2));
  return wanted.find((name): name is Language => name !== undefined && name in languages) ?? 'en';
}
