/** The command: replays one seed, or runs a range of them. */
export {}
