import { applyDecorators, SetMetadata, type CustomDecorator } from '@nestjs/common';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';
import { roles as allRoles, type Role } from '../records/access/api-token.entity.js';

export const rolesKey = 'replyrank:roles';
export const publicKey = 'replyrank:public';
export const changesNothingKey = 'replyrank:changes-nothing';

/**
 * Who may call a route. Admins always may; a route without this, or `Public`, is closed to everybody. The API's description
 * says it as `x-roles`.
 */
export const Roles = (...roles: Role[]): MethodDecorator =>
  applyDecorators(
    SetMetadata(rolesKey, roles),
    ApiExtension(
      'x-roles',
      allRoles.filter((role) => role === 'admin' || roles.includes(role)),
    ),
  );

/** Open to everybody: health, metrics, the console's files. */
export const Public = (): ClassDecorator & MethodDecorator =>
  applyDecorators(SetMetadata(publicKey, true), ApiSecurity({}));

/** A POST that stores nothing: a token that only reads may call it. */
export const ChangesNothing = (): CustomDecorator => SetMetadata(changesNothingKey, true);

/** Whoever calls: a service by its token, or a person by their session. */
export interface Actor {
  name: string;
  role: Role;
  /** A token that changes nothing, whatever its role may */
  readOnly?: boolean;
}
