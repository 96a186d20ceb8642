SELECT setseed(0.5);

INSERT INTO auth_user (id, username, password, is_superuser, is_staff, is_active, date_joined,
    first_name, last_name, email, last_login)
SELECT n, CASE n WHEN 1 THEN 'root' ELSE 'person' || n END, '!', n = 1, n = 1, true, now(),
    '', '', '', now() - n * interval '1 hour'
FROM generate_series(1, 300) n;
SELECT setval(pg_get_serial_sequence('auth_user', 'id'), 300);

INSERT INTO auth_group (id, name) SELECT n, 'group ' || n FROM generate_series(1, 10) n;
SELECT setval(pg_get_serial_sequence('auth_group', 'id'), 10);
INSERT INTO auth_user_groups (user_id, group_id)
SELECT n, 1 + n % 10 FROM generate_series(1, 300) n
UNION SELECT n, 1 + n % 7 FROM generate_series(1, 300, 3) n;

CREATE TEMP TABLE theirs AS
SELECT user_id, jsonb_agg(group_id ORDER BY group_id) AS groups FROM auth_user_groups GROUP BY 1;

-- USD in picodollars per token.
CREATE TEMP TABLE rates (model text, input bigint, cached bigint, output bigint);
INSERT INTO rates VALUES ('gpt-4o-mini', 150000, 75000, 600000), ('gpt-4o', 2500000, 1250000, 10000000),
    ('gpt-5', 1250000, 125000, 10000000), ('o4-mini', 1100000, 275000, 4400000),
    ('rare', NULL, NULL, NULL), ('unpriced', NULL, NULL, NULL);

CREATE TEMP TABLE drawn AS
SELECT n,
    CASE WHEN random() < 0.01 THEN NULL ELSE 2 + floor(299 * random() ^ 1.7)::int END AS user_id,
    current_date - floor(365 * (1 - n::float / {CALLS}) ^ 1.2)::int AS day,
    random() AS of_model, random() AS of_purpose, random() AS of_ending, random() AS of_usage,
    50 + floor(4000 * random())::int AS prompt,
    random() AS of_cache,
    10 + floor(600 * random())::int AS completion,
    random() AS of_time
FROM generate_series(1, {CALLS}) n;

CREATE TEMP TABLE chosen AS
SELECT *,
    CASE WHEN of_model < 0.0001 THEN 'rare' WHEN of_model < 0.01 THEN 'unpriced'
        -- Most people have a model that they stay with.
        WHEN of_model < 0.8 THEN (ARRAY['gpt-4o-mini', 'gpt-4o', 'gpt-5'])[1 + coalesce(user_id, 0) % 3]
        WHEN of_model < 0.9 THEN 'o4-mini' ELSE 'gpt-4o-mini' END AS model,
    CASE WHEN of_purpose < 0.85 THEN 'answer' ELSE 'summary' END AS purpose,
    CASE WHEN of_ending < 0.012 THEN (ARRAY['server', 'rate_limit', 'timeout'])[1 + floor(of_ending * 250)::int] ELSE '' END AS error,
    of_usage < 0.04 AS is_estimated,
    CASE WHEN of_cache < 0.4 THEN prompt / 2 ELSE 0 END AS cached
FROM drawn;

INSERT INTO conversations_conversation (id, owner_id, title, model, stop, response_format, strategy,
    strategy_numbers, beginning, created_at, active_at, changes, prompt_tokens, completion_tokens,
    cost, calls, calls_of_unknown_cost)
SELECT md5(u || '-' || k)::uuid, u, 'Talk ' || u || ' ' || k, 'gpt-4o', '[]', '', '', '{}', '',
    now() - (k * u) * interval '10 minutes', now() - (k * u) * interval '9 minutes', 1, 0, 0, 0, 0, 0
FROM generate_series(2, 300) u, generate_series(0, 129) k;

INSERT INTO conversations_completion (user_id, conversation_id, purpose, created_at, ended_at, day,
    groups, model, parameters, context, context_sha256, strategy, context_note,
    estimated_prompt_tokens, text_begin, reasoning_begin, prompt_tokens, cached_tokens,
    cache_write_tokens, completion_tokens, reasoning_tokens, is_estimated,
    price_input, price_cached_input, price_cache_write, price_output, cost,
    upstream_id, upstream_model, fingerprint, finish_reason, error, error_detail, duration_ms)
SELECT c.user_id, md5(c.user_id || '-' || c.n % 130)::uuid, purpose,
    day + of_time * interval '23 hours', day + of_time * interval '23 hours' + interval '9 seconds',
    day, coalesce(t.groups, '[]'), c.model, '{"temperature": 0.7, "max_tokens": 4096, "stream": true}',
    (SELECT jsonb_agg(jsonb_build_object('role', 'user', 'message', md5(i::text), 'length', 400,
        'sha256', md5(i::text) || md5(i::text), 'tokens', 90, 'state', 'sent'))
        FROM generate_series(1, 3) i),
    md5(n::text) || md5(n::text), 'fit', '', prompt + n % 9, 0, 0, prompt, c.cached, 0, completion, 0,
    is_estimated, 1000000 * input, 1000000 * r.cached, 1000000 * input, 1000000 * output,
    (prompt - c.cached) * input + c.cached * r.cached + completion * output,
    'chatcmpl-' || n, c.model, 'fp_44709d6fcb',
    CASE WHEN error = '' THEN CASE WHEN n % 50 = 0 THEN 'length' ELSE 'stop' END ELSE '' END,
    error, '', 9000
FROM chosen c LEFT JOIN rates r USING (model) LEFT JOIN theirs t USING (user_id)
ORDER BY c.day, c.of_time;

UPDATE conversations_conversation c SET prompt_tokens = s.prompt, completion_tokens = s.completion,
    cost = s.cost, calls = s.calls, calls_of_unknown_cost = s.unknown
FROM (SELECT conversation_id, sum(prompt_tokens) prompt, sum(completion_tokens) completion,
    coalesce(sum(cost), 0) AS cost, count(*) calls, count(*) FILTER (WHERE cost IS NULL) unknown
    FROM conversations_completion GROUP BY 1) s
WHERE s.conversation_id = c.id;

INSERT INTO conversations_dayusage (day, user_id, model, purpose, calls, failed_calls,
    estimated_calls, calls_of_unknown_cost, prompt_tokens, cached_tokens, cache_write_tokens,
    completion_tokens, reasoning_tokens, cost, told_estimates, told_prompt_tokens)
SELECT day, user_id, model, purpose, count(*), count(*) FILTER (WHERE error <> ''),
    count(*) FILTER (WHERE is_estimated), count(*) FILTER (WHERE cost IS NULL),
    sum(prompt_tokens), sum(cached_tokens), 0, sum(completion_tokens), 0, coalesce(sum(cost), 0),
    coalesce(sum(estimated_prompt_tokens) FILTER (WHERE NOT is_estimated), 0),
    coalesce(sum(prompt_tokens) FILTER (WHERE NOT is_estimated), 0)
FROM conversations_completion GROUP BY 1, 2, 3, 4;

CREATE TEMP TABLE spans AS
SELECT user_id, groups, 'day' AS period, day AS begins, coalesce(sum(cost), 0) AS cost
FROM conversations_completion GROUP BY 1, 2, 4
UNION ALL
SELECT user_id, groups, 'month', date_trunc('month', day)::date, coalesce(sum(cost), 0)
FROM conversations_completion GROUP BY 1, 2, 4;

INSERT INTO conversations_spending (user_id, group_id, period, begins, spent, reserved)
SELECT NULL::int, NULL::int, period, begins, sum(cost), 0 FROM spans GROUP BY 3, 4
UNION ALL
SELECT user_id, NULL, period, begins, sum(cost), 0 FROM spans WHERE user_id IS NOT NULL GROUP BY 1, 3, 4
UNION ALL
SELECT NULL, g::int, period, begins, sum(cost), 0 FROM spans, jsonb_array_elements_text(groups) g
GROUP BY 2, 3, 4;

INSERT INTO conversations_budget (scope, period, "limit", created_at)
VALUES ('site', 'month', 900000000000000, now()), ('site', 'day', 30000000000000, now()),
    ('each', 'month', 20000000000000, now());
