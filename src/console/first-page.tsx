import { Anchor, Button, Code, Group, List, ListItem, Text, Title } from "@mantine/core";
import { Page } from "./frame/page";

/** The public first page: it explains the product and the next steps. It contains nothing about any tenant. */
export function FirstPage() {
  return (
    <Page title="Portcullis">
      <Text>
        This control plane decides who may reach the applications behind a Traefik gateway. It delivers each decision as
        Traefik configuration, and checks that the gateway enforces it.
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
        People sign in here, and manage their password, second factors, passkeys and sessions under{" "}
        <Anchor href="/account">Your account</Anchor>. All other functions use HTTP with an API key at{" "}
        <Code>/api/trpc/&lt;procedure&gt;</Code>.
      </Text>
      <Title order={2}>What to do next</Title>
      <List type="ordered" spacing="sm">
        <ListItem>
          First time here? Open the setup link that the server printed at start, or run this command on the server:
          <Code block mt="xs">
            npx --no portcullis setup --email you@example.org --organization Acme
          </Code>
          Each works once.
        </ListItem>
        <ListItem>Start Traefik with the command that the server printed at start.</ListItem>
        <ListItem>
          Create a project, an environment and an application: the README has commands that you can copy.
        </ListItem>
      </List>
      <Text>
        Status: <Anchor href="/healthz">/healthz</Anchor> checks the process, <Anchor href="/readyz">/readyz</Anchor>{" "}
        checks the database and the delivery.
      </Text>
    </Page>
  );
}
