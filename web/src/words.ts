// What the page says, in the reader's language. One dictionary per language; a key that one of them lacks does not compile.
// What the engine calls things (states, reasons, limits) has an entry as well, and is shown as it is when it has none.
import { createContext, useContext, useMemo } from "react";
import { useSettings, type Language } from "./settings";
import { en } from "./words/en";
import { ko } from "./words/ko";

export type Word = keyof typeof en;
export type Values = Record<string, string | number>;

export interface Words {
  (key: Word, values?: Values): string;
  // A name of the engine's: the entry `${kind}.${name}`, or the name itself.
  named: (kind: string, name: string) => string;
  language: Language;
}

const books: Record<Language, Record<Word, string>> = { en, ko };

export function words_of(language: Language): Words {
  const book = books[language];
  const fill = (text: string, values: Values = {}) =>
    text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
  const say = (key: Word, values?: Values) => fill(book[key], values);
  const named = (kind: string, name: string) => {
    const key = `${kind}.${name}`;
    return Object.hasOwn(book, key) ? book[key as Word] : name;
  };
  return Object.assign(say, { named, language });
}

const WordsContext = createContext<Words>(words_of("en"));
export const WordsProvider = WordsContext.Provider;
export const useWords = (): Words => useContext(WordsContext);

export function useWordsOfSettings(): Words {
  const { language } = useSettings();
  return useMemo(() => words_of(language), [language]);
}
