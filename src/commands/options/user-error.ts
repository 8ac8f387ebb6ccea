/** A mistake in the command line or its files; only its message is shown. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
