/** Matches causes to alerts: one alert for each cause, also where later evidence identifies it better. */

export interface KnownAlert {
  id: number;
  cause: string;
  /** Causes of one group are names of the same event; independent causes have a group of their own. */
  group: string;
  /** Detected by the last evaluation and not closed */
  isActive: boolean;
}

export interface NamedCause {
  cause: string;
  group: string;
}

export interface CauseMatch<C extends NamedCause> {
  cause: C;
  /** Null where there is none yet */
  alert: number | null;
}

/**
 * A cause belongs to the alert of its name. Without one, it takes over the active alert of its group that this evaluation does not
 * name: a wording shift of yesterday may turn out to be a new topic today.
 *
 * @param causes no two of the same name
 */
export function matchCauses<C extends NamedCause>(known: readonly KnownAlert[], causes: readonly C[]): CauseMatch<C>[] {
  const byName = new Map(known.map((alert) => [alert.cause, alert]));
  const taken = new Set(causes.flatMap(({ cause }) => byName.get(cause)?.id ?? []));
  return causes.map((cause) => {
    const named = byName.get(cause.cause);
    if (named) return { cause, alert: named.id };
    const active = known.find((alert) => alert.isActive && alert.group === cause.group && !taken.has(alert.id));
    if (active) taken.add(active.id);
    return { cause, alert: active?.id ?? null };
  });
}
