/** Which pages there are, for whom. All but the queue come when they are opened: an agent never loads a chart. */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import type { Actor } from './service/api-types.js';
import { addEngineersMessages, addTemplatesMessages } from './service/language.js';

type Role = Actor['role'];

export interface PageEntry {
  path: string;
  name: 'today' | 'alerts' | 'drift' | 'decisions' | 'training' | 'models' | 'labels' | 'templates' | 'team' | 'audit';
  roles: readonly Role[];
  /** Takes its own sub-paths too */
  Page: LazyExoticComponent<ComponentType<{ actor: Actor }>>;
}

const engineers: readonly Role[] = ['ml', 'admin'];

type Load = () => Promise<{ default: ComponentType<{ actor: Actor }> }>;
const withMessages = (load: Load, addMessages: () => Promise<void>) =>
  lazy(async () => (await Promise.all([load(), addMessages()]))[0]);
const forEngineers = (load: Load) =>
  withMessages(load, async () => {
    const [{ addServiceMessages }] = await Promise.all([import('./ml/service-messages.js'), addEngineersMessages()]);
    addServiceMessages();
  });

const pages: readonly PageEntry[] = [
  { path: '/today', name: 'today', roles: engineers, Page: forEngineers(() => import('./ml/today-page.js')) },
  { path: '/alerts', name: 'alerts', roles: engineers, Page: forEngineers(() => import('./ml/alerts/alerts-page.js')) },
  { path: '/drift', name: 'drift', roles: engineers, Page: forEngineers(() => import('./ml/alerts/drift-page.js')) },
  {
    path: '/decisions',
    name: 'decisions',
    roles: engineers,
    Page: forEngineers(() => import('./ml/alerts/decisions-page.js')),
  },
  {
    path: '/training',
    name: 'training',
    roles: engineers,
    Page: forEngineers(() => import('./ml/training/training-page.js')),
  },
  { path: '/models', name: 'models', roles: engineers, Page: forEngineers(() => import('./ml/models/models-page.js')) },
  { path: '/labels', name: 'labels', roles: engineers, Page: forEngineers(() => import('./ml/labels/labels-page.js')) },
  {
    path: '/templates',
    name: 'templates',
    roles: ['lead', ...engineers],
    Page: withMessages(() => import('./templates/templates-page.js'), addTemplatesMessages),
  },
  { path: '/team', name: 'team', roles: ['lead'], Page: forEngineers(() => import('./ml/labels/team-page.js')) },
  {
    path: '/audit-log',
    name: 'audit',
    roles: ['admin'],
    Page: forEngineers(() => import('./ml/labels/audit-log-page.js')),
  },
];

/** The pages beside the queue that a role has. */
export const pagesOf = (role: Role): PageEntry[] => pages.filter(({ roles }) => roles.includes(role));

/** Path of the queue: roles that may not answer tickets start elsewhere. */
export const queuePath = (role: Role): string => (role === 'ml' ? '/queue' : '/');

/** Where one begins. */
export const homePath = (role: Role): string => (role === 'ml' ? (pagesOf(role)[0]?.path ?? '/queue') : '/');
