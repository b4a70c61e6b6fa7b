import { Anchor, Button, Code, Group, List, ListItem, Text, Title } from "@mantine/core";
import { Page } from "./frame/page";

/** What anybody who opens the address sees: what this is and how to go on. It knows nothing of any tenant. */
export function FirstPage() {
  return (
    <Page title="Portcullis">
      <Text>
        This is the control plane that decides who may reach the applications behind a Traefik gateway, delivers that
        decision as Traefik configuration, and asks the gateway whether it enforces it.
      </Text>
      <Group>
        <Button component="a" href="/sign-in">
          Sign in
        </Button>
        <Button component="a" href="/account" variant="default">
          Your account
        </Button>
      </Group>
      <Title order={2}>What works today</Title>
      <Text>
        People sign in here, and keep their password, second factors, passkeys and sessions under{" "}
        <Anchor href="/account">Your account</Anchor>. Everything else is done over HTTP, with an API key, at{" "}
        <Code>/api/trpc/&lt;procedure&gt;</Code>.
      </Text>
      <Title order={2}>What to do next</Title>
      <List type="ordered" spacing="sm">
        <ListItem>
          Is nobody here yet? Open the set-up link that the server printed when it started, or make the first
          organization and its API key on the machine where this runs:
          <Code block mt="xs">
            npx --no portcullis setup --email you@example.org --organization Acme
          </Code>
          Either works once.
        </ListItem>
        <ListItem>Start Traefik with the command that the server printed when it started.</ListItem>
        <ListItem>
          Make a project, an environment and an application: the README has the commands, ready to copy.
        </ListItem>
      </List>
      <Text>
        Is it well? <Anchor href="/healthz">/healthz</Anchor> answers for the process,{" "}
        <Anchor href="/readyz">/readyz</Anchor> for the database and the delivery.
      </Text>
    </Page>
  );
}
