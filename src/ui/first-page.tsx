import { Page } from "./page";

/** What anybody who opens the address sees: what this is and how to go on. It knows nothing of any tenant. */
export function FirstPage() {
  return (
    <Page title="Portcullis">
      <p>
        This is the control plane that decides who may reach the applications behind a Traefik gateway, delivers that
        decision as Traefik configuration, and asks the gateway whether it enforces it.
      </p>
      <h2>What works today</h2>
      <p>
        Everything is done over HTTP, with an API key, at <code>/api/trpc/&lt;procedure&gt;</code>. There is no sign-in
        page and no console yet.
      </p>
      <h2>What to do next</h2>
      <ol>
        <li>
          On the machine where this runs, make the first organization and its API key:
          <pre>npx --no portcullis setup --email you@example.org --organization Acme</pre>
          It works once, and shows the key once.
        </li>
        <li>Start Traefik with the command that the server printed when it started.</li>
        <li>Make a project, an environment and an application: the README has the commands, ready to copy.</li>
      </ol>
      <p>
        Is it well? <a href="/healthz">/healthz</a> answers for the process, <a href="/readyz">/readyz</a> for the
        database and the delivery.
      </p>
    </Page>
  );
}
