/** SQL of what the agent saw when choosing. */

/** The suggestion `s` that the agent of choice `c` of ticket `t` saw, as labels are derived from it. */
export const suggestionOfChoiceSql = `LEFT JOIN LATERAL (
  SELECT s.abstained, s.shown_probability, s.ranking -> 0 ->> 'templateId' AS template,
         (s.ranking -> 0 ->> 'probability')::float8 AS probability
    FROM suggestions s
   WHERE s.ticket = t.id AND (s.id = c.suggestion_id OR c.suggestion_id IS NULL AND s.created_at <= c.received_at)
   ORDER BY s.created_at <= c.occurred_at DESC, s.revision DESC LIMIT 1) s ON c.id IS NOT NULL`;

/** The first template that the agent saw; null without one. */
export const shownFirstSql = `coalesce(c.shown ->> 0, CASE WHEN NOT s.abstained THEN s.template END)`;
