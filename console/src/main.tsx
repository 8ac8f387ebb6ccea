import '@mantine/core/styles.css';
import './ui/page.css';
import { MantineProvider, Menu, Modal, createTheme } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { startLanguage } from './service/language.js';
import { createQueryClient } from './service/queries.js';

// No animation delays the keyboard: a closed menu is gone, and the next key reaches the page.
const atOnce = { defaultProps: { transitionProps: { duration: 0 } } };
const theme = createTheme({
  primaryColor: 'indigo',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: { Menu: Menu.extend(atOnce), Modal: Modal.extend(atOnce) },
});

startLanguage();
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    {/* Computed style sheets inside the document are forbidden by the content security policy; page.css has the few. */}
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={createQueryClient()}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
