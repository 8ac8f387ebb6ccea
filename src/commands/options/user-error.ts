/** Something that whoever typed the command can mend; its message is all that is shown. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
