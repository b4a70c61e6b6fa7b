-- Ends claims that are due, the oldest first, and returns the deny files that name them. Claims of an existing
-- organization, and of a host that a route uses, stay.
create or replace function portcullis_sweep_claims(p_now timestamptz, p_limit integer)
  returns table (swept_organization_id text, swept_gateway_id text, swept_deny_group integer)
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_due text[];
begin
  select array_agg(d.claim_id) into v_due from (
    select c.claim_id from claims c
      where c.ends_at <= p_now
        and not exists (select 1 from organizations o where o.organization_id = c.organization_id)
        and not exists (select 1 from routes r where r.gateway_id = c.gateway_id and c.kind = 'host' and r.host = c.value)
      order by c.ends_at, c.claim_id limit p_limit) d;
  if v_due is null then return; end if;
  perform portcullis_lock_claims(g.gateway_id)
    from (select distinct c.gateway_id from claims c where c.claim_id = any (v_due) order by 1) g;
  return query delete from claims c where c.claim_id = any (v_due)
    returning c.organization_id, c.gateway_id, c.deny_group;
end $$;

revoke execute on function portcullis_sweep_claims from public;
grant execute on function portcullis_sweep_claims to portcullis_sync;
