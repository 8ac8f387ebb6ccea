/** What the browser keeps for the page; only until it is left where a browser keeps nothing inside another page. */
const kinds = { tab: () => window.sessionStorage, browser: () => window.localStorage } as const;

class Memory {
  private readonly known = new Map<string, string>();
  getItem = (key: string): string | null => this.known.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.known.set(key, value);
  removeItem = (key: string): void => void this.known.delete(key);
  keys = (): string[] => [...this.known.keys()];
}

const memory = { tab: new Memory(), browser: new Memory() };

function storageOf(kind: keyof typeof kinds): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> & {
  keys: () => string[];
} {
  try {
    const storage = kinds[kind]();
    return {
      getItem: (key) => storage.getItem(key),
      setItem: (key, value) => storage.setItem(key, value),
      removeItem: (key) => storage.removeItem(key),
      keys: () => Object.keys(storage),
    };
  } catch {
    // Third-party storage is blocked: even to look at it is an error.
    return memory[kind];
  }
}

/** Outlives a reload, not the tab. */
export const inTab = (): ReturnType<typeof storageOf> => storageOf('tab');

/** Outlives the tab. */
export const inBrowser = (): ReturnType<typeof storageOf> => storageOf('browser');
