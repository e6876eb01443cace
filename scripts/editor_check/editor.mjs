// A code-server of its own, and a browser without a window before it. It acts with keys, the palette and clicks, and
// knows only what is to be seen.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const PALETTE = '.quick-input-widget:visible'
const ROW = '.monaco-list-row'

// Quiet and offline; nothing here changes tasks, debugging, tests or problems.
const SETTINGS = {
  'telemetry.telemetryLevel': 'off', 'update.mode': 'none', 'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true, 'chat.disableAIFeatures': true, 'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden', 'security.workspace.trust.enabled': false,
  'window.title': '${activeEditorMedium}',  // says which file is in front
  'workbench.startupEditor': 'readme',  // as in the container; a workspace may not set it
  'workbench.quickOpen.closeOnFocusLost': false,  // views that open late take the focus
  'terminal.integrated.gpuAcceleration': 'off',  // text that can be read
  'workbench.colorTheme': 'Default Light Modern',
}

export class Editor {
  constructor({ home, browser, extensions, workspace, out }) {
    Object.assign(this, { home, browserPath: browser, extensions, workspace, out })
    this.scratch = fs.mkdtempSync(path.join(out, 'editor-'))
    this.began = Date.now()
  }

  async start() {
    const port = await freePort()
    fs.mkdirSync(path.join(this.scratch, 'data', 'User'), { recursive: true })
    fs.writeFileSync(path.join(this.scratch, 'data', 'User', 'settings.json'), JSON.stringify(SETTINGS))
    const log = fs.openSync(path.join(this.out, 'server.log'), 'w')
    this.server = spawn(process.execPath, [
      path.join(this.home, 'node_modules/code-server/out/node/entry.js'),
      '--config', path.join(this.scratch, 'config.yaml'), '--bind-addr', `127.0.0.1:${port}`, '--auth', 'none',
      '--user-data-dir', path.join(this.scratch, 'data'), '--extensions-dir', this.extensions,
      '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override',
    ], { cwd: this.workspace, env: this.environment(), detached: true, stdio: ['ignore', log, log] })
    await this.until('code-server', async () => (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null))?.ok)
    await this.show(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(this.workspace)}`)
  }

  environment() {
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('VSCODE_') && name !== 'TINYTORCH')
    const commands = path.join(this.home, 'node_modules/.bin')  // `code-server FILE` in its terminal opens a tab
    return { ...Object.fromEntries(kept), PATH: `${commands}:${path.dirname(process.execPath)}:${process.env.PATH}`,
      XDG_RUNTIME_DIR: this.scratch, EXTENSIONS_GALLERY: '{}', VSCODE_CLI: '1' }  // the last: no login shell's PATH
  }

  async show(url) {
    const { chromium } = createRequire(path.join(this.home, 'package.json'))('playwright-core')
    this.browser = await chromium.launch({ executablePath: this.browserPath || undefined, args: ['--no-sandbox'] })
    this.page = await this.browser.newPage({ viewport: { width: 1400, height: 900 } })
    await this.page.goto(url)
    await this.see(`.explorer-folders-view ${ROW}`, '', 120)
    await sleep(2000)  // views that open late take the focus
    this.say('the editor is open')
  }

  async stop() {
    await this.browser?.close()
    if (this.server) signal(this.server.pid, 'SIGTERM')
    await sleep(1000)
    if (this.server) signal(this.server.pid, 'SIGKILL')
    fs.rmSync(this.scratch, { recursive: true, force: true, maxRetries: 5 })
  }

  // ---- looking

  // Wait until `look` gives something, and return it.
  async until(what, look, seconds = 60) {
    const end = Date.now() + seconds * 1000
    for (;;) {
      const found = await look()
      if (found) return found
      if (Date.now() > end) throw new Error(`${what}: not seen within ${seconds} s`)
      await sleep(200)
    }
  }

  // Wait for an element, with a text (string or pattern) in it; return its whole text.
  async see(selector, text = '', seconds = 60) {
    const element = this.page.locator(selector).filter(text ? { hasText: text } : {}).first()
    await this.until(`${selector} ${text}`, () => element.isVisible(), seconds)
    return flat(await element.innerText())
  }

  async texts(selector) { return (await this.page.locator(selector).allInnerTexts()).map(flat) }

  // Wait until the terminal in front shows a pattern; return what it shows.
  async terminal(pattern, seconds = 180) {
    return this.until(`${pattern} in the terminal`, async () => {
      const rows = await this.page.locator('.terminal-wrapper.active .xterm-rows > div').allTextContents()
      const text = rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd()).join('\n')
      return pattern.test(text) && text
    }, seconds)
  }

  // The rows of the Problems view, once there are `count` where it is given: "message source(code) [Ln 14, Col 1]".
  async problems(count) {
    await this.command('Problems: Focus on Problems View')
    const rows = () => this.texts(`.markers-panel ${ROW}[aria-level="2"]`)
    return this.until(`${count} problems`, async () => {
      const found = await rows()
      return (count === undefined || found.length === count) && found
    })
  }

  // A picture of the whole window, or of a part of it: an element, or { x, y, width, height }.
  async picture(name, part) {
    await this.page.mouse.move(700, 2)  // away from what has a tooltip
    await sleep(700)
    const clip = typeof part === 'string' ? await this.page.locator(part).first().boundingBox() : part
    await this.page.screenshot({ path: path.join(this.out, `${name}.png`), clip })
    this.say(`picture ${name}.png`)
  }

  // A picture of a smaller window, without what these keys close.
  async small(name, width, height, ...closing) {
    const usual = this.page.viewportSize()
    await this.press(...closing)
    await this.page.setViewportSize({ width, height })
    await sleep(700)
    await this.picture(name)
    await this.page.setViewportSize(usual)
    await this.press(...closing)  // and open again
  }

  async pictureOfPage(name, file) {
    const usual = this.page
    this.page = await this.browser.newPage({ viewport: usual.viewportSize() })
    await this.page.goto(pathToFileURL(path.join(this.workspace, file)).href)
    await this.picture(name)
    await this.page.close()
    this.page = usual
  }

  // ---- acting

  async press(...keys) { for (const key of keys) await this.page.keyboard.press(key) }

  // Open the palette by a key, again where the editor was not ready for it.
  async palette(key) {
    const input = this.page.locator(`${PALETTE} input`).first()
    await this.until(`the palette (${key})`, async () => {
      await this.press(key)
      await sleep(700)
      return input.isVisible()
    })
    return input
  }

  async command(title) {
    await this.palette('F1')
    await this.choose(title)
  }

  // Choose the row with this label in the list that is open.
  async choose(label) {
    const input = this.page.locator(`${PALETTE} input:visible`).last()
    const prefix = /^>|^(debug|task) /.exec(await input.inputValue())?.[0] ?? ''
    await input.fill(prefix + label)
    const row = this.page.locator(`${PALETTE} ${ROW}`)
      .filter({ has: this.page.locator('.label-name', { hasText: new RegExp(`^${escaped(label)}$`) }) }).first()
    await this.until(`"${label}" in the list`, () => row.isVisible(), 20)
    await row.click()
    await sleep(500)
  }

  async open(file, line) {
    await this.until(`${file} in front`, async () => {
      await (await this.palette('Control+P')).fill(path.join(this.workspace, file))
      await this.see(`${PALETTE} ${ROW}`, path.basename(file))
      await sleep(500)  // until then the list is that of the keys before
      await this.press('Enter')
      await sleep(800)
      return (await this.page.title()).startsWith(file)
    }, 30)
    if (line) await this.goTo(line)
  }

  async goTo(line) {
    await (await this.palette('Control+G')).fill(`:${line}`)
    await this.press('Enter')
    await this.see('.part.statusbar', `Ln ${line},`)
  }

  // Run a task by its label, and answer what it asks for: from a list, or { text }.
  async task(label, answer) {
    this.say(`task "${label}"`)
    await this.command('Tasks: Run Task')
    await this.choose(label)
    await this.answer(answer)
  }

  async debug(name, answer) {
    this.say(`launch "${name}"`)
    await this.command('Debug: Select and Start Debugging')
    await this.choose(name)
    await this.answer(answer)
  }

  async answer(given) {
    if (!given) return
    if (typeof given === 'string') return this.choose(given)
    await (await this.page.locator(`${PALETTE} input`).first()).fill(given.text)
    await this.press('Enter')
  }

  // Wait for a stop; return the rows of Variables and Call Stack as they read.
  async stopped(seconds = 90) {
    await this.until('a stop of the debugger', () => this.page.locator('.debug-top-stack-frame-line').first().isVisible(), seconds)
    await this.see('.debug-call-stack .stack-frame')
    const scope = this.page.locator(`.debug-variables ${ROW}`, { hasText: /^Locals$/ })
    await this.until('the scope Locals', () => scope.isVisible())
    await sleep(800)
    if ((await scope.getAttribute('aria-expanded')) === 'false') await scope.click()
    await this.see('.debug-variables .expression')
    return { variables: await this.texts(`.debug-variables ${ROW}`), stack: await this.texts(`.debug-call-stack .stack-frame`) }
  }

  // Go on until the program has ended.
  async goOn() {
    await this.press('F5')
    await this.until('the end of debugging', async () => !(await this.page.locator('.debug-toolbar').first().isVisible()))
  }

  async endDebugging() {
    await this.press('Shift+F5')
    await this.until('the end of debugging', async () => !(await this.page.locator('.debug-toolbar').first().isVisible()))
  }

  say(text) { console.log(`${((Date.now() - this.began) / 1000).toFixed(1).padStart(6)} s  ${text}`) }
}

const flat = (text) => text.replace(/\s+/g, ' ').trim()
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function freePort() {
  return new Promise((found) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => found(port))
    })
  })
}

function signal(group, name) {
  try { process.kill(-group, name) } catch (error) { if (error.code !== 'ESRCH') throw error }
}
