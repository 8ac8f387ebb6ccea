import { roles, type Role } from '../records/access/api-token.entity.js';

/** Groups of the identity provider by role */
export type RoleGroups = Readonly<Partial<Record<Role, readonly string[]>>>;

/**
 * The role of a user in these groups; of several, the last one in the order agent, lead, ml, admin.
 *
 * @param claim from the provider: one group, several, or nothing
 * @returns null if no group has a role
 */
export function roleOfGroups(claim: unknown, groupsOfRoles: RoleGroups): Role | null {
  const groups = new Set((Array.isArray(claim) ? claim : [claim]).map(String));
  const matching = roles.filter((role) => groupsOfRoles[role]?.some((group) => group === '*' || groups.has(group)));
  return matching.at(-1) ?? null;
}

/** Reads OIDC_ROLES, such as `agent=support|night-shift,lead=support-leads,admin=it`, which the environment's schema has validated. */
export function parseRoleGroups(text: string): RoleGroups {
  const entries = text.split(',').map((part) => {
    const [role = '', groups = ''] = part.trim().split('=');
    return [role, groups.split('|').map((group) => group.trim())] as const;
  });
  return Object.fromEntries(entries);
}
