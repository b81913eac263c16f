/** The names of the files of a journal. */
export const JOURNAL_FILES = ['journal-0', 'journal-1'] as const

/** The end of the name of what is not a journal file yet. */
export const UNFINISHED = '.new'
