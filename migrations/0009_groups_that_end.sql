CREATE TABLE "member_roles" (
	"organization_id" text NOT NULL,
	"member_id" text NOT NULL,
	"source" text NOT NULL,
	"role" text,
	"role_id" text,
	"groups" text[] NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "member_roles_member_id_source_pk" PRIMARY KEY("member_id","source")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "provider_id" text;--> statement-breakpoint
ALTER TABLE "oidc_providers" ADD COLUMN "email_proof" text DEFAULT 'email_verified' NOT NULL;--> statement-breakpoint
ALTER TABLE "oidc_providers" ADD COLUMN "last_refusal" jsonb;--> statement-breakpoint
ALTER TABLE "member_roles" ADD CONSTRAINT "member_roles_organization_id_member_id_members_organization_id_member_id_fk" FOREIGN KEY ("organization_id","member_id") REFERENCES "public"."members"("organization_id","member_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "member_roles" ADD CONSTRAINT "member_roles_organization_id_role_id_roles_organization_id_role_id_fk" FOREIGN KEY ("organization_id","role_id") REFERENCES "public"."roles"("organization_id","role_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "member_roles_by_source" ON "member_roles" USING btree ("source");--> statement-breakpoint
CREATE INDEX "member_roles_by_role" ON "member_roles" USING btree ("role_id");--> statement-breakpoint
alter table member_roles enable row level security;
--> statement-breakpoint
create policy identity on member_roles to portcullis_identity using (true) with check (true);
--> statement-breakpoint
create policy host on member_roles to portcullis_host using (true) with check (true);
--> statement-breakpoint
grant select, insert, update, delete on member_roles to portcullis_identity, portcullis_host;
--> statement-breakpoint
grant select (provider_id) on api_keys to portcullis_tenant;
--> statement-breakpoint
grant select (email_proof, last_refusal) on oidc_providers to portcullis_tenant;
--> statement-breakpoint
-- The founding organization administers the installation: it sees the providers of the settings, and cannot change them.
create policy installation on oidc_providers for select to portcullis_tenant
  using (organization_id is null
    and exists (select 1 from organizations o where o.organization_id = portcullis_organization() and o.founding));
--> statement-breakpoint
-- The first lock of every change that can take the role of an owner away.
create or replace function portcullis_hold_organization(p_organization_id text) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  select 1 from organizations o where o.organization_id = p_organization_id
    and p_organization_id = coalesce(portcullis_organization(), p_organization_id) for no key update
$$;
--> statement-breakpoint
grant execute on function portcullis_hold_organization to portcullis_tenant, portcullis_host;
--> statement-breakpoint
-- A person or the host's command line decides the role of a member: what groups gave before no longer counts.
create function portcullis_decide_role_by_hand(p_member_id text) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  delete from member_roles r where r.member_id = p_member_id and r.organization_id = portcullis_organization()
$$;
--> statement-breakpoint
revoke execute on function portcullis_decide_role_by_hand from public;
--> statement-breakpoint
grant execute on function portcullis_decide_role_by_hand to portcullis_tenant;
--> statement-breakpoint
-- Ends a membership with everything that depends on it: the keys of the person in this organization, the open invitations
-- of their address, and what their sessions have to do with it. Returns the number of revoked keys.
create function portcullis_end_membership(p_organization_id text, p_member_id text, p_now timestamptz) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_within text := portcullis_organization();
  v_user_id text;
  v_revoked integer;
begin
  if p_organization_id <> coalesce(v_within, p_organization_id) then
    raise exception 'another organization' using errcode = 'insufficient_privilege';
  end if;
  delete from members m where m.member_id = p_member_id and m.organization_id = p_organization_id
    returning m.user_id into v_user_id;
  if v_user_id is null then return 0; end if;
  update api_keys k set revoked_at = p_now
    where k.user_id = v_user_id and k.organization_id = p_organization_id and k.revoked_at is null;
  get diagnostics v_revoked = row_count;
  update invitations i set revoked_at = p_now
    where i.organization_id = p_organization_id and i.accepted_at is null and i.revoked_at is null
      and i.email = (select u.email from users u where u.user_id = v_user_id);
  perform set_config('portcullis.organization_id', p_organization_id, true);
  perform portcullis_leave(v_user_id);
  perform set_config('portcullis.organization_id', coalesce(v_within, ''), true);
  return v_revoked;
end $$;
--> statement-breakpoint
revoke execute on function portcullis_end_membership from public;
--> statement-breakpoint
grant execute on function portcullis_end_membership to portcullis_tenant, portcullis_identity, portcullis_host;
--> statement-breakpoint
-- Revokes keys of a person that a provider is the reason for: those created in its sessions, or all (p_all) where the
-- person has no other way to sign in. p_organization_id: only keys of this organization; null for all organizations.
create function portcullis_end_keys_of_provider(p_user_id text, p_provider_id text, p_organization_id text, p_all boolean,
    p_now timestamptz) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_revoked integer;
begin
  update api_keys k set revoked_at = p_now
    where k.user_id = p_user_id and k.revoked_at is null and (p_all or k.provider_id = p_provider_id)
      and k.organization_id = coalesce(p_organization_id, k.organization_id);
  get diagnostics v_revoked = row_count;
  return v_revoked;
end $$;
--> statement-breakpoint
revoke execute on function portcullis_end_keys_of_provider from public;
--> statement-breakpoint
grant execute on function portcullis_end_keys_of_provider to portcullis_identity;
--> statement-breakpoint
-- Which provider opened the session of a member of the transaction's organization; null for all other ways to sign in.
-- No row: the session has ended.
create function portcullis_provider_of_session(p_session_id text) returns table (provider_id text)
  language sql volatile security definer set search_path = public, pg_temp as $$
  select coalesce(s.provider_id, case when 'trusted_header' = any (s.methods) then 'trusted_header' end)
    from sessions s join members m on m.user_id = s.user_id and m.organization_id = portcullis_organization()
    where s.session_id = p_session_id
$$;
--> statement-breakpoint
revoke execute on function portcullis_provider_of_session from public;
--> statement-breakpoint
grant execute on function portcullis_provider_of_session to portcullis_tenant;
--> statement-breakpoint
-- Up to here a sign-in with groups that decide replaced the role of a member and left no other trace than the role.
-- A member who is known at such a provider and has a role that its groups give, has it from there.
insert into member_roles (organization_id, member_id, source, role, role_id, groups, created_at)
  select m.organization_id, m.member_id, p.provider_id, m.role, m.role_id,
      (select array_agg(g.key) from jsonb_each_text(p.group_roles) g where g.value = coalesce(m.role, m.role_id)), m.created_at
    from oidc_providers p
      join (select distinct i.provider_id, i.user_id from identities i) i on i.provider_id = p.provider_id
      join members m on m.user_id = i.user_id
        and m.organization_id = coalesce(p.organization_id, (select o.organization_id from organizations o where o.founding))
    where exists (select 1 from jsonb_each_text(p.group_roles) g where g.value = coalesce(m.role, m.role_id));
--> statement-breakpoint
-- The groups of the trusted header are in the settings: here the audit log says who has a role from it.
insert into member_roles (organization_id, member_id, source, role, role_id, groups, created_at)
  select m.organization_id, m.member_id, 'trusted_header', m.role, m.role_id, '{}', m.created_at
    from members m join organizations o on o.organization_id = m.organization_id and o.founding
    where exists (select 1 from audit_entries a where a.organization_id = m.organization_id and a.object_id = m.user_id
      and a.action = 'auth.signIn' and a.outcome = 'done' and a.authenticated_by = 'trusted_header'
      and a.changed -> 'role' ->> 1 = coalesce(m.role, m.role_id));
--> statement-breakpoint
-- What such a member was given by hand before: as the owner for whom the organization was made, or by an invitation.
insert into member_roles (organization_id, member_id, source, role, role_id, groups, created_at)
  select distinct on (m.member_id) m.organization_id, m.member_id, 'hand', h.role, h.role_id, '{}'::text[], m.created_at
    from members m
      join organizations o on o.organization_id = m.organization_id
      join users u on u.user_id = m.user_id
      join lateral (
        select 'owner'::text as role, null::text as role_id, 0 as place, m.created_at as accepted_at
          where m.created_at = o.created_at
        union all
        select i.role, i.role_id, 1, i.accepted_at from invitations i
          where i.organization_id = m.organization_id and i.email = u.email and i.accepted_at is not null
      ) h on true
    where exists (select 1 from member_roles r where r.member_id = m.member_id)
    order by m.member_id, h.place, h.accepted_at desc;
