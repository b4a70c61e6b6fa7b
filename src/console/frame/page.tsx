import { Anchor, Container, Group, Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { ColorSchemeControl } from "./color-scheme-control";

interface PageProps {
  readonly title: string;
  /** `narrow` for one form, `wide` for text and lists. */
  readonly width?: "narrow" | "wide";
  /** Controls next to the brand. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page: a bar with the brand, one heading, one column. */
export function Page({ title, width = "wide", actions, children }: PageProps) {
  return (
    <>
      <Container component="header" size="md" py="md">
        <Group justify="space-between">
          <Anchor href="/" fw={700} c="inherit" underline="hover">
            Portcullis
          </Anchor>
          <Group gap="sm">
            {actions}
            <ColorSchemeControl />
          </Group>
        </Group>
      </Container>
      <Container
        component="main"
        size={width === "narrow" ? "28rem" : "md"}
        pt={width === "narrow" ? "5vh" : "md"}
        pb="xl"
      >
        <Stack gap="lg">
          <Title order={1} size={width === "narrow" ? "h2" : "h1"}>
            {title}
          </Title>
          {children}
        </Stack>
      </Container>
    </>
  );
}
