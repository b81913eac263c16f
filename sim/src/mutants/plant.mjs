/** Preloaded into a process whose product shall have a bug: changes one source file while it is loaded. */
import { register } from 'node:module'

register('./plant-hooks.mjs', import.meta.url, {
  data: JSON.parse(process.env.TENURE_SIM_MUTANT ?? 'null'),
})
