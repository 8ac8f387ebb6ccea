import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { Role } from '../records/api-token.entity.js';

export const rolesKey = 'replyrank:roles';
export const publicKey = 'replyrank:public';
export const changesNothingKey = 'replyrank:changes-nothing';

/** Who may call a route. Admins always may; a route without this, or `Public`, is closed to everybody. */
export const Roles = (...roles: Role[]): CustomDecorator => SetMetadata(rolesKey, roles);

/** Open to everybody: health, metrics, the console's files. */
export const Public = (): CustomDecorator => SetMetadata(publicKey, true);

/** A POST that stores nothing: a token that only reads may call it. */
export const ChangesNothing = (): CustomDecorator => SetMetadata(changesNothingKey, true);

/** Whoever calls: a service by its token, or a person by their session. */
export interface Actor {
  name: string;
  role: Role;
  /** A token that changes nothing, whatever its role may */
  readOnly?: boolean;
}
