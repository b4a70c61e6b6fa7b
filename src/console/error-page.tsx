"use client";

import { Button, Text } from "@mantine/core";
import { Page } from "./frame/page";

/** What is shown where a page could not be: a part of it did not load, or we made a mistake. */
export function ErrorPage() {
  return (
    <Page title="This page could not be shown" width="narrow">
      <Text>It may be newer than what your browser has of it.</Text>
      <Button onClick={() => location.reload()}>Load it again</Button>
    </Page>
  );
}
