import { Anchor, Text } from "@mantine/core";
import { Page } from "./frame/page";

export function NotFoundPage() {
  return (
    <Page title="There is no such page" width="narrow">
      <Text>
        <Anchor href="/">Back to the first page</Anchor>
      </Text>
    </Page>
  );
}
