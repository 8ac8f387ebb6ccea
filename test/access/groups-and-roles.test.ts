/** Which role groups of a provider give, and how long a name is locked. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lockDuration } from '../../src/access/lock-out.js';
import { parseRoleGroups, roleOfGroups } from '../../src/access/roles-of-groups.js';
import { ConfigError, readConfig } from '../../src/config/config.js';
import { roles } from '../../src/records/access/api-token.entity.js';

test('a name is never locked for good, and no shorter for more wrong passwords', () => {
  fc.assert(
    fc.property(fc.nat(10_000), (failed) => {
      expect(lockDuration(failed)).toBeLessThanOrEqual(15 * 60_000);
      expect(lockDuration(failed + 1)).toBeGreaterThanOrEqual(lockDuration(failed));
    }),
  );
  expect(lockDuration(4)).toBe(0);
});

describe('groups and roles', () => {
  test('are named in one variable; the last role that fits is taken', () => {
    const wanted = parseRoleGroups('agent=support|night-shift, lead=support-leads,admin=it');
    expect(roleOfGroups(['night-shift'], wanted)).toBe('agent');
    expect(roleOfGroups('it', wanted)).toBe('admin');
    expect(roleOfGroups(['support', 'support-leads'], wanted)).toBe('lead');
    expect(roleOfGroups(undefined, wanted)).toBeNull();
    expect(roleOfGroups([], parseRoleGroups('agent=*'))).toBe('agent');
  });

  test('a group that is not named gives no role', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.constantFrom(...roles), (held, role) => {
        expect(roleOfGroups(held, { [role]: ['a group of nobody here'] })).toBeNull();
      }),
    );
  });

  test('that can’t be read are named at the start, as is a provider without its client', () => {
    for (const OIDC_ROLES of ['support', 'boss=support', 'agent=', 'agent=a,lead']) {
      expect(() => readConfig({ OIDC_ROLES })).toThrow(/OIDC_ROLES: must look like/);
    }
    expect(() => readConfig({ OIDC_ISSUER: 'https://login.example.com' })).toThrow(ConfigError);
    expect(() => readConfig({ OIDC_ISSUER: 'https://login.example.com' })).toThrow(
      /requires PUBLIC_URL, OIDC_CLIENT_ID, OIDC_ROLES/,
    );
  });
});
