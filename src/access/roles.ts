import { applyDecorators, SetMetadata, type CustomDecorator } from '@nestjs/common';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';
import { roles as allRoles, type Role } from '../records/access/api-token.entity.js';

export const rolesKey = 'replyrank:roles';
export const publicKey = 'replyrank:public';
export const storesNothingKey = 'replyrank:changes-nothing';

/**
 * The roles that may call a route, besides admin. A route without this or `Public` is closed. In the OpenAPI document:
 * `x-roles`.
 */
export const Roles = (...roles: Role[]): MethodDecorator =>
  applyDecorators(
    SetMetadata(rolesKey, roles),
    ApiExtension(
      'x-roles',
      allRoles.filter((role) => role === 'admin' || roles.includes(role)),
    ),
  );

/** A route that needs no authentication: health, metrics, the console's files */
export const Public = (): ClassDecorator & MethodDecorator =>
  applyDecorators(SetMetadata(publicKey, true), ApiSecurity({}));

/** A POST that stores nothing, which read-only tokens may call */
export const StoresNothing = (): CustomDecorator => SetMetadata(storesNothingKey, true);

/** The caller: a service with a token, or a person with a session */
export interface Actor {
  name: string;
  role: Role;
  /** A read-only token, whatever its role allows */
  readOnly?: boolean;
}
