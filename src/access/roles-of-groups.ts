import { roles, type Role } from '../records/access/api-token.entity.js';

/** Which groups of the identity provider have which role. */
export type GroupsOfRoles = Readonly<Partial<Record<Role, readonly string[]>>>;

/**
 * The role of whoever is in these groups; where several fit, the last of agent, lead, ml, admin.
 *
 * @param claim what the provider says: one group, several, or nothing
 * @returns null where no group has a role
 */
export function roleOf(claim: unknown, groupsOfRoles: GroupsOfRoles): Role | null {
  const groups = new Set((Array.isArray(claim) ? claim : [claim]).map(String));
  const fitting = roles.filter((role) => groupsOfRoles[role]?.some((group) => group === '*' || groups.has(group)));
  return fitting.at(-1) ?? null;
}

/** Reads OIDC_ROLES, such as `agent=support|night-shift,lead=support-leads,admin=it`; the environment's schema has checked it. */
export function parseGroupsOfRoles(text: string): GroupsOfRoles {
  const entries = text.split(',').map((part) => {
    const [role = '', groups = ''] = part.trim().split('=');
    return [role, groups.split('|').map((group) => group.trim())] as const;
  });
  return Object.fromEntries(entries);
}
