import { type SQL, sql } from "drizzle-orm";
import { oneOf } from "../database/conditions-in-sql";
import { UnprovenReason } from "../platform/contract/sync-state";

/**
 * Adds `intended`, `reason` and `state` to rows of `selectExposureFacts`: the same decisions as `exposureOf`, for lists
 * that filter, sort and count by exposure. `tests/delivery/exposure-in-sql.db.test.ts` compares the two.
 * @param facts a query; `offset 0` keeps its subqueries from being repeated for every use of their columns
 */
export function selectExposure(facts: SQL): SQL {
  const unproven = known(sql`unproven`);
  return sql`
    select r.*,
      case
        when alarm_reason is not null then 'exposed'
        when reason is null then delivered_intended
        when reason in ('no_route', 'closed_by_hand', 'routes_disabled') then 'closed'
        when reason = 'quarantined' and form = 'closed' then 'closed'
        when reason = 'quarantined' then delivered_intended
        else 'unknown'
      end as state
    from (
      select i.*,
        case
          when alarm_reason is not null then ${known(sql`alarm_reason`)}
          when pending then case when failing then 'delivery_fails' else 'pending' end
          when revision is null then
            case when has_route then 'not_delivered' when closed_by_hand then 'closed_by_hand' else 'no_route' end
          when proven_revision < revision then
            coalesce(${unproven}, case when loaded_revision < revision then 'not_loaded' else 'not_proven' end)
          when unproven is not null then ${unproven}
          when proof_is_old then 'proof_is_old'
          when closed_by_hand and delivered_intended = 'closed' then 'closed_by_hand'
          when not has_route then 'no_route'
          when not has_enabled_route then 'routes_disabled'
          when form = 'closed' then 'quarantined'
          when delivered_intended <> intended then 'pending'
          when form = 'quarantined' then 'quarantined'
        end as reason
      from (
        select f.*,
          case
            when closed_by_hand then 'closed'
            when has_valid_credential then 'protected'
            when access = 'public-when-empty' and not has_credential and opened_by in ('create', 'delete', 'access')
              and not never_public
              then 'public'
            else 'closed'
          end as intended
        from (${facts} offset 0) f
      ) i
    ) r`;
}

/** A stored reason; one that this version does not know is `unrecognized`. */
function known(reason: SQL): SQL {
  return sql`case when ${reason} is null or ${oneOf(reason, UnprovenReason.options)} then ${reason}
    else 'unrecognized' end`;
}

/** How bad an exposure is, for sorting. 0: a visitor without a credential was let in where the gateway should refuse. */
export function exposureRank(state: SQL): SQL {
  return sql`case ${state} when 'exposed' then 0 when 'public' then 1 when 'unknown' then 2 when 'closed' then 3
    else 4 end`;
}
