/** Which alert a cause belongs to: one alert for each cause, also where later evidence names it better. */

export interface KnownAlert {
  id: number;
  cause: string;
  /** Causes of one group are different names of the same thing; those that stand for themselves have a group of their own. */
  group: string;
  /** Seen by the last look and not closed */
  going: boolean;
}

export interface NamedCause {
  cause: string;
  group: string;
}

export interface CauseMatch<C extends NamedCause> {
  seen: C;
  /** Null where there is none yet */
  alert: number | null;
}

/**
 * A cause goes to the alert of its name. Without one, it takes over the alert of its group that is going on and that this
 * look does not name: what was a change of wording yesterday is seen to be a new topic today.
 *
 * @param seen no two of the same name
 */
export function matchCauses<C extends NamedCause>(known: readonly KnownAlert[], seen: readonly C[]): CauseMatch<C>[] {
  const byName = new Map(known.map((alert) => [alert.cause, alert]));
  const taken = new Set(seen.flatMap(({ cause }) => byName.get(cause)?.id ?? []));
  return seen.map((one) => {
    const named = byName.get(one.cause);
    if (named) return { seen: one, alert: named.id };
    const going = known.find((alert) => alert.going && alert.group === one.group && !taken.has(alert.id));
    if (going) taken.add(going.id);
    return { seen: one, alert: going?.id ?? null };
  });
}
