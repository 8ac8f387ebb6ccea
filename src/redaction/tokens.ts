/** Access tokens, keys, passwords. */
import { unspacedScripts } from './characters.js';
import { findAll, type Span } from './spans.js';

const privateKey = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g;

/** Keys in the formats of well-known services, and tokens with a recognizable prefix */
const knownToken = new RegExp(
  [
    'eyJ[\\w-]{8,}\\.[\\w-]{8,}(?:\\.[\\w-]*)?', // JSON Web Token
    '[spr]k_(?:live|test)_\\w{10,}', // Stripe
    'gh[pousr]_\\w{20,}|github_pat_\\w{20,}', // GitHub
    'glpat-[\\w-]{16,}', // GitLab
    '(?:AKIA|ASIA)[A-Z0-9]{16}', // AWS
    'xox[abeoprs]-[\\w-]{10,}', // Slack
    'AIza[\\w-]{30,}|ya29\\.[\\w-]{20,}', // Google
    'sk-[\\w-]{20,}', // OpenAI, Anthropic
    'rr[sl]?_[\\w-]{43}', // Replyrank
    'npm_\\w{30,}|hf_\\w{30,}|SG\\.[\\w-]{16,}\\.[\\w-]{16,}', // npm, Hugging Face, SendGrid
  ]
    .map((form) => `(?:${form})`)
    .join('|')
    .replace(/^/, '(?<![\\w-])(?:')
    .replace(/$/, ')'),
  'g',
);
const bearer = /\b(?:bearer|basic)[ \t]{1,3}(?=[a-z._~+/-]{0,200}\d)(?<value>[\w.~+/-]{16,}={0,2})/dgi;

/**
 * `password=…`, `api_key: "…"`. After a colon the value needs a digit, because people also write "Password: forgotten".
 */
const secretName =
  '(?:password|passwd|passwort|kennwort|contrase(?:ñ|n)a|mot de passe|wachtwoord|hasło|senha|パスワード|密码|pwd|(?:api|access|secret|private)[_ -]?key|(?:access|auth|refresh|api)?[_ -]?token|(?:client[_ -]?)?secret)';
const assignment = new RegExp(
  `(?<![a-z])${secretName}["']?[ \\t]{0,3}(?:=[ \\t]{0,3}["']?(?=[^\\s"'<>]{4})|[:：][ \\t]{0,3}["']?(?=[^\\s"'<>]{0,200}\\d)(?=[^\\s"'<>]{6}))(?<value>[^\\s"'<>${unspacedScripts}]+)`,
  'dgiu',
);
/** Parameters of a link that let anybody in who has it */
const linkParameter = new RegExp(
  '[?&#;](?:[\\w-]{0,24}(?:token|secret|signature|password|apikey|api_key|session)|sig|key|code|auth|jwt|sid|pwd|otp|hash|X-Amz-Credential)=' +
    `(?<value>[^\\s&#"'<>\\ufffc${unspacedScripts}]{6,})`,
  'dgiu',
);
/** https://user:password@host, up to the host */
const linkUser = /:\/\/(?<value>[^\s/@:\ufffc]{1,64}:[^\s/@\ufffc]{1,128})(?=@)/dg;
/** Links whose path alone is the secret: webhooks of Slack, Discord and Teams, bots of Telegram */
const secretLink =
  /\b(?:hooks\.slack\.com\/services|discord(?:app)?\.com\/api\/webhooks|api\.telegram\.org\/bot|[\w-]{1,63}\.webhook\.office\.com)\/?(?<value>[\w/:@-]{16,})/dg;

export function findTokens(text: string): Span[] {
  const found: Span[] = [];
  const add = (pattern: RegExp): void => void found.push(...findAll(text, pattern, '<token>'));
  if (text.includes('-----BEGIN')) add(privateKey);
  if (/\w{8}/.test(text)) [knownToken, bearer].forEach(add);
  if (text.includes('://')) [linkUser, secretLink].forEach(add);
  if (text.includes('=')) add(linkParameter);
  if (/[=:：]/.test(text)) add(assignment);
  return found;
}
