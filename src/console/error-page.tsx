"use client";

import { Button, Text } from "@mantine/core";
import { Page } from "./frame/page";

/** Replaces a page that failed: a part of it did not load, or it has a defect. */
export function ErrorPage() {
  return (
    <Page title="This page could not be shown" width="narrow">
      <Text>A new version may have been installed.</Text>
      <Button onClick={() => location.reload()}>Reload page</Button>
    </Page>
  );
}
