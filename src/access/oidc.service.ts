/** Signing in with an OpenID Connect provider: authorization code with PKCE. */
import { Inject, Injectable, Logger } from '@nestjs/common';
import * as oidc from 'openid-client';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import { parseRoleGroups, roleOfGroups } from './roles-of-groups.js';
import type { Actor } from './roles.js';

export const callbackPath = '/sign-in/oidc/callback';

/** Kept by the browser during the sign-in at the provider, to bind the response to it */
export interface OidcAttempt {
  verifier: string;
  state: string;
  nonce: string;
}

/** A code instead of text: text in a URL could come from anyone. The page has a sentence for each code. */
export type OidcProblemCode = 'provider' | 'attempt' | 'no-role';

/** The sign-in failed. */
export class OidcProblem extends Error {
  override readonly name = 'OidcProblem';

  constructor(readonly code: OidcProblemCode) {
    super(code);
  }
}

@Injectable()
export class OidcService {
  private readonly logger = new Logger('Oidc');
  /** Discovered at the first sign-in, so that an unavailable provider does not block the start */
  private provider: Promise<oidc.Configuration> | null = null;

  constructor(@Inject(CONFIG) private readonly config: ServiceConfig) {}

  get isConfigured(): boolean {
    return this.config.OIDC_ISSUER !== undefined;
  }

  /** @throws OidcProblem */
  async begin(): Promise<{ url: URL; attempt: OidcAttempt }> {
    const provider = await this.discover();
    const attempt = {
      verifier: oidc.randomPKCECodeVerifier(),
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
    };
    const url = oidc.buildAuthorizationUrl(provider, {
      redirect_uri: this.publicUrl(callbackPath).href,
      scope: this.config.OIDC_SCOPE,
      code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
      state: attempt.state,
      nonce: attempt.nonce,
    });
    return { url, attempt };
  }

  /**
   * @param callback path and query that the provider sent the browser back to
   * @throws OidcProblem if the response does not belong to this attempt, the provider refuses, or no group has a role
   */
  async finish(callback: string, { verifier, state, nonce }: OidcAttempt): Promise<Actor> {
    const provider = await this.discover();
    let claims: Record<string, unknown>;
    try {
      const tokens = await oidc.authorizationCodeGrant(provider, this.publicUrl(callback), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const identity = tokens.claims();
      if (!identity) throw new Error('the provider sent no ID token');
      claims = identity;
      if (!(this.config.OIDC_ROLE_CLAIM in claims) && provider.serverMetadata().userinfo_endpoint) {
        claims = { ...(await oidc.fetchUserInfo(provider, tokens.access_token, identity.sub)), ...claims };
      }
    } catch (error) {
      throw this.problem('the provider did not confirm the sign-in', error);
    }
    const role = roleOfGroups(claims[this.config.OIDC_ROLE_CLAIM], parseRoleGroups(this.config.OIDC_ROLES ?? ''));
    const name = actorName(claims);
    if (!role) {
      this.logger.warn(
        `${name} signed in at the provider, but the claim ${this.config.OIDC_ROLE_CLAIM} has no role here`,
      );
      throw new OidcProblem('no-role');
    }
    return { name, role };
  }

  private async discover(): Promise<oidc.Configuration> {
    const { OIDC_ISSUER: issuer = '', OIDC_CLIENT_ID: id = '', OIDC_CLIENT_SECRET: secret } = this.config;
    const authentication = secret === undefined ? oidc.None() : oidc.ClientSecretPost(secret);
    // Providers without TLS are on this machine or in a private network, by configuration.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so that it is not used by mistake
    const execute = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
    this.provider ??= oidc.discovery(new URL(issuer), id, undefined, authentication, { execute });
    try {
      return await this.provider;
    } catch (error) {
      this.provider = null;
      throw this.problem(`the provider at ${issuer} is unavailable`, error);
    }
  }

  private problem(what: string, error: unknown): OidcProblem {
    this.logger.warn(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    return new OidcProblem('provider');
  }

  private publicUrl(path: string): URL {
    return new URL(`${this.config.PUBLIC_URL ?? ''}${path}`);
  }
}

function actorName({ email, preferred_username: username, sub }: Record<string, unknown>): string {
  return [email, username].find((name): name is string => typeof name === 'string' && name !== '') ?? String(sub);
}
