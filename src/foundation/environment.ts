/** Environment variables by name: of this process, of a child, or to be set in a shell; an undefined value is absent, or to be cleared. */
export type Environment = Readonly<Record<string, string | undefined>>;
