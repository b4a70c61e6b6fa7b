import {
  type BreakGlassResponse,
  CreatedKey,
  CreatedOrganization,
  OperatorReset,
  Operators,
} from "../src/main/host/contract";
import { generatePassword } from "../src/platform/passwords/generate-password";
import { type Client, createClient } from "../src/sdk/create-client";
import { type DemoPerson, openPerson } from "./demo-person";
import { environments, forms, organizations, owner, type PlannedOrganization as Planned } from "./plan";

export interface DemoInstallation {
  /** Where the control plane answers on this machine, as an origin. */
  readonly url: string;
  /** Runs a command of the host's command line. */
  readonly ask: (verb: string, input: unknown) => Promise<BreakGlassResponse>;
  readonly random: (size: number) => Uint8Array;
}

export interface MadeOrganization {
  readonly organizationId: string;
  readonly name: string;
  readonly upstream: string;
  readonly projects: number;
  readonly environments: number;
  readonly applications: number;
  readonly credentials: number;
  readonly members: number;
}

export interface DemoData {
  readonly organizations: readonly MadeOrganization[];
  /** The owner of all of them. The other people have the same password. */
  readonly signIn: { readonly email: string; readonly password: string };
  /** One application, and what lets a visitor in. */
  readonly visit: { readonly host: string; readonly username: string; readonly password: string };
}

/** Demo data is not made here; the message is one line that says why and what to do. */
export class NoDemoData extends Error {
  override readonly name = "NoDemoData";
}

/** How long the keys live that this makes for itself, in days. */
const expiresInDays = 1;

/**
 * Fills a development installation by its own operations, over its API and the host's command line.
 * @param plan the organizations to make; a test makes fewer
 * @throws NoDemoData no development server answers, or there are applications already
 */
export async function makeDemoData(
  installation: DemoInstallation,
  plan: readonly Planned[] = organizations,
): Promise<DemoData> {
  await requireDevelopment(installation.url);
  const isSetUp = await requireNoApplications(installation);
  const password = generatePassword(installation.random);
  const sessions = new Map<string, DemoPerson>();
  const made: MadeOrganization[] = [];
  let visit: DemoData["visit"] | null = null;
  for (const planned of plan) {
    const { name } = planned;
    const isFirst = made.length === 0;
    const created = CreatedOrganization.parse(
      isFirst && !isSetUp
        ? await ask(installation, "setup", { email: owner.email, name: owner.name, organization: name, expiresInDays })
        : await ask(installation, "organization create", { name, owner: owner.email, upstreams: "any", expiresInDays }),
    );
    if (isFirst) await chooseOwnPassword(installation, created.setupUrl, password);
    const client = createClient({ url: installation.url, apiKey: created.apiKey.key });
    const filled = await fill(client, planned);
    const members = await addMembers(client, planned, { url: installation.url, sessions, password });
    const { organizationId } = created;
    made.push({ organizationId, name, upstream: planned.upstream, ...filled.counts, members });
    visit ??= filled.visit;
  }
  if (visit === null) throw new Error("the plan has no application with a credential");
  return { organizations: made, signIn: { email: owner.email, password }, visit };
}

/** A server in development says so with each response of its API. */
async function requireDevelopment(url: string): Promise<void> {
  const response = await fetch(`${url}/readyz`).catch(() => null);
  if (response === null) {
    throw new NoDemoData(`no server answers at ${url}: start one with "npm run dev", and seed it in another terminal`);
  }
  if (response.headers.get("x-portcullis-mode") !== "development") {
    throw new NoDemoData(`the server at ${url} does not run in development: demo data is for "npm run dev" alone`);
  }
}

/** @returns whether the installation is set up @throws NoDemoData */
async function requireNoApplications(installation: DemoInstallation): Promise<boolean> {
  const { operators } = Operators.parse(await ask(installation, "operator list", {}));
  const ids = operators.flatMap((operator) => operator.organizations.map(({ organizationId }) => organizationId));
  for (const organization of new Set(ids)) {
    const key = { organization, name: "demo data looks for applications", role: "viewer", expiresInDays };
    const { key: apiKey } = CreatedKey.parse(await ask(installation, "key create", key));
    const { items } = await createClient({ url: installation.url, apiKey }).applications.list.query({ limit: 1 });
    if (items.length > 0) {
      throw new NoDemoData(
        "this installation has applications already, and a second set of demo data would claim the same hosts: start the server with an empty data folder, or an empty database",
      );
    }
  }
  return operators.length > 0;
}

async function ask(installation: DemoInstallation, verb: string, input: unknown): Promise<unknown> {
  const answer = await installation.ask(verb, input);
  if (!answer.ok) throw new Error(`${verb}: ${answer.message}`);
  return answer.result;
}

async function chooseOwnPassword(
  installation: DemoInstallation,
  setupUrl: string | null,
  password: string,
): Promise<void> {
  const reset = async () =>
    OperatorReset.parse(await ask(installation, "operator reset-password", { email: owner.email })).url;
  const link = setupUrl ?? (await reset()); // of an account with a password
  await openPerson(installation.url).signIn("link", { token: tokenOf(link), password });
}

/** What follows the `#` of a link. */
const tokenOf = (link: string): string => new URL(link).hash.slice(1);

/** Makes the projects of an organization with everything in them. */
async function fill(client: Client, { name: organization, projects, upstream }: Planned) {
  const counts = { projects: 0, environments: 0, applications: 0, credentials: 0 };
  let visit: DemoData["visit"] | null = null;
  for (const project of projects) {
    const { projectId } = await client.projects.create.mutate({ name: project.name });
    counts.projects += 1;
    for (const { name, kind, label } of environments) {
      const { environmentId } = await client.environments.create.mutate({ projectId, name, kind });
      counts.environments += 1;
      for (const [at, application] of project.applications.entries()) {
        const { access, usernames } = forms[at % forms.length] ?? forms[0];
        const [first, ...others] = usernames;
        const host = `${labelOf(application)}${label}.${labelOf(organization)}.localhost`;
        const { applicationId, credential } = await client.applications.create.mutate({
          environmentId,
          name: application,
          access,
          route: { host, upstreams: [{ url: upstream }] },
          ...(first === undefined ? {} : { credential: { username: first } }),
        });
        for (const username of others) await client.security.create.mutate({ applicationId, username });
        counts.applications += 1;
        counts.credentials += usernames.length;
        if (credential?.password) visit ??= { host, username: credential.username, password: credential.password };
      }
    }
  }
  return { counts, visit };
}

const labelOf = (name: string): string => name.toLowerCase().replaceAll(" ", "-");

interface Joining {
  readonly url: string;
  /** People who have an account already, by address: they are signed in. */
  readonly sessions: Map<string, DemoPerson>;
  readonly password: string;
}

/** Invites people, who accept. @returns the number of members, the owner included */
async function addMembers(client: Client, planned: Planned, { url, sessions, password }: Joining): Promise<number> {
  const { roleId } = await client.roles.create.mutate({
    name: "Auditor",
    permissions: ["application:read", "audit:read"],
  });
  for (const { email, role } of planned.members) {
    const invitation = await client.invitations.create.mutate({ email, ...(role === null ? { roleId } : { role }) });
    const token = tokenOf(invitation.url);
    const session = sessions.get(email);
    if (session) await session.accept(token);
    else {
      const person = openPerson(url);
      await person.signIn("invitation", { token, password, name: nameOf(email) });
      sessions.set(email, person);
    }
  }
  await client.invitations.create.mutate({ email: planned.invited, role: "viewer" });
  const { items: members } = await client.members.list.query();
  const { items: projects } = await client.projects.list.query();
  const viewer = members.find(({ role }) => role === "viewer");
  const [project] = projects;
  if (viewer && project) {
    const { memberId } = viewer;
    await client.members.setProjectRole.mutate({ memberId, projectId: project.projectId, role: "developer" });
  }
  return members.length;
}

const nameOf = (email: string): string => email.charAt(0).toUpperCase() + email.slice(1, email.indexOf("@"));
