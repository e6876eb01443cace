// A newcomer's first quarter of an hour. Each step leaves a picture to look at.
//   node scenario.mjs WORKSPACE OUT [TEXT]      with TEXT only the steps whose names hold it
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { Editor } from './editor.mjs'

const [workspace, out, only = ''] = process.argv.slice(2)
const { EDITOR_HOME: home, EDITOR_BROWSER: browser, EDITOR_EXTENSIONS: extensions } = process.env
const ed = new Editor({ home, browser, extensions, workspace, out })

const SETUP = 'modules/00_setup/setup.py'
const AUTOGRAD = 'modules/05_autograd/autograd.py'
const ANSWER = 'return sum(n * m + m for n, m in zip(widths, widths[1:]))'

const read = (file) => fs.readFileSync(path.join(workspace, file), 'utf8')
const lineOf = (file, text) => read(file).split('\n').findIndex((line) => line.includes(text)) + 1

const TESTS = 'tests/test_05_autograd.py'
const TENSOR = 'modules/01_tensor/tensor.py'
const RULE = ['raise NotImplementedError("05.2 matmul_vjp")',
  'grad_a = g @ b.swapaxes(-1, -2)', 'grad_b = a.swapaxes(-1, -2) @ g', 'return grad_a, grad_b']
const PRODUCT = ['raise NotImplementedError("01.2 Tensor.__matmul__")',
  'product = self.data @ as_tensor(other, self).data', 'return record(matmul, product, self, as_tensor(other, self))']

const FOLDERS = ['.devcontainer', '.vscode', 'modules', 'profiles', 'scripts', 'tests', 'tinytorch', 'pyproject.toml', 'README.md']
const TEST = '.test-explorer .monaco-list-row'
const TEST_FILES = ['test_00_setup.py', 'test_01_tensor.py', 'test_05_autograd.py']
const ARRAYS = [
  'a = array([[1., 2., 3.], [4., 5., 6.]], dtype=float32)',
  'b = array([[ 7., 8.], [ 9., 10.], [11., 12.]], dtype=float32)',
  'g = array([[ 1., 10.], [ 100., 1000.]], dtype=float32)',
  'out = array([[ 58., 64.], [139., 154.]], dtype=float32)',
]
const FRAMES = ['matmul_vjp', 'ask_rule', 'backward', 'backward', 'main', '<module>']

// Write a body into a stub as another program would; the editor takes it over.
function write(file, [stub, ...body]) {
  const [line] = read(file).split('\n').filter((each) => each.includes(stub))
  const indent = line.slice(0, line.indexOf(stub))
  const typed = body.map((each) => indent + each).join('\n')
  fs.writeFileSync(path.join(workspace, file), read(file).replace(line, typed))
}

// The frame of the rendered page with this text.
const rendered = (text) => ed.until(`a rendered page with "${text}"`, async () => {
  for (const frame of ed.page.frames()) {
    const found = frame.locator('h1, h2', { hasText: text }).first()
    if (frame.parentFrame() && await found.isVisible().catch(() => false)) return frame
  }
})

// Whether a program listens at a port; a connection to try it would be taken for the debugger's.
const listens = (port) => fs.readFileSync('/proc/net/tcp', 'utf8').toLowerCase()
  .includes(`:${port.toString(16).padStart(4, '0')} 00000000:0000 0a`)

let began  // when the README was there

const steps = {
  async 'the README opens, and leads to the guide'() {
    await rendered('Your first red to green')
    const shown = await ed.texts('.explorer-folders-view .monaco-list-row')
    assert.deepEqual(shown, FOLDERS)
    await ed.picture('01-open')
    began = Date.now()
    await (await rendered('Your first red to green')).getByText('modules/00_setup/README.md').click()
    await (await rendered('00 Setup: from red to green')).locator('svg').first().waitFor()  // its diagram
    await ed.picture('02-guide')
  },

  async 'the Test Explorer lists the exercises'() {
    await ed.command('Testing: Focus on Test Explorer View')
    for (const row of ['tests', 'test_00_setup.py']) {
      await ed.see(TEST, row, 120)
      await ed.page.locator(TEST, { hasText: row }).first().click()
    }
    await ed.see(TEST, 'test_counts_weights_and_biases')
    const shown = await ed.texts(TEST)
    assert.deepEqual(shown.filter((row) => row.endsWith('.py')), TEST_FILES)
    await ed.picture('03-tests')
  },

  async 'red, with a problem at the line'() {
    await ed.open(SETUP, lineOf(SETUP, 'return 0'))
    await ed.press('Control+Shift+B')
    await ed.terminal(/wrong +00\.1 parameter_count[^]*failed in/)
    await ed.picture('04-red')
    const [problem] = await ed.problems(1)
    assert.match(problem, /^from n to m values: n \* m weights and m biases tito\(?\s*parameter_count\)? \[Ln 18, Col 1\]$/)
    await ed.picture('05-problem')
    await ed.picture('guide-00-red', { x: 352, y: 36, width: 900, height: 615 })
  },

  async 'a hint'() {
    await ed.open(SETUP, lineOf(SETUP, 'return 0'))
    await ed.task('Hint for the exercise at the cursor')
    await ed.terminal(/hint 1 of 3[^]*One more:/)
    await ed.picture('06-hint')
  },

  async 'green'() {
    await ed.open(SETUP, lineOf(SETUP, 'return 0'))
    await ed.press('Home', 'Shift+End')
    await ed.page.keyboard.type(ANSWER)
    await ed.press('Control+S')
    await ed.task('Test the exercise at the cursor')
    await ed.terminal(/right +00\.1 parameter_count/)
    ed.say(`green ${Math.round((Date.now() - began) / 1000)} s after the README`)
    await ed.picture('07-green')
    await ed.press('Control+Shift+B')
    await ed.problems(0)
  },

  async 'all of it in the Test Explorer'() {
    await ed.command('Test: Run All Tests')
    const count = read('tests/test_00_setup.py').match(/^def test_/gm).length  // those of 01 and 05 are skipped
    await ed.see('.test-explorer .result-summary', `${count}/${count}`, 240)
    await ed.command('Testing: Focus on Test Explorer View')
    await ed.picture('08-tests-run')
    await ed.picture('guide-00-tests', { x: 4, y: 36, width: 344, height: 330 })
  },

  async 'lists to choose from'() {
    await ed.open(SETUP)
    await ed.command('Tasks: Run Task')
    await ed.see('.quick-input-list', 'Test this module')
    await ed.picture('09-tasks')
    await ed.picture('guide-00-tasks', '.quick-input-widget')
    await ed.press('Escape')
    await ed.task('Test one exercise', 'Tensor.__add__: 01.1')
    await ed.terminal(/not run +01\.1/)
    await ed.picture('10-one-exercise')
  },

  async 'the guide of a file'() {
    await ed.open(AUTOGRAD)
    await ed.task('Guide of this module')
    await rendered('05 Autograd: walking back')
    await ed.picture('11-guide-05')
  },

  async 'watching'() {
    await ed.open(SETUP, lineOf(SETUP, ANSWER))
    await ed.task('Watch')
    await ed.terminal(/watching modules/)
    for (const [wrong, end, problems] of [[' + 1', /not all built and right yet, /, 1], ['', /00: all right, /, 0]]) {
      await ed.open(SETUP, lineOf(SETUP, 'return sum'))
      await ed.press('Home', 'Shift+End')
      await ed.page.keyboard.type(ANSWER + wrong)
      await ed.press('Control+S')
      await ed.command('Terminal: Focus Terminal')
      await ed.terminal(end)
      const [row = 'biases'] = await ed.problems(problems)
      assert.match(row, /biases/)  // the failure's rule, or the mistake that was recognized
      await ed.picture(`12-watch-${problems}`)
    }
    await ed.command('Tasks: Terminate Task')
    await ed.choose('Watch').catch(() => {})  // asked only where another task runs too
  },

  async 'profiles over the lines that were typed'() {
    write(TENSOR, PRODUCT)
    write(AUTOGRAD, RULE)
    for (const [tool, ending] of [['py-spy', 'cpuprofile'], ['memray', 'heapprofile'], ['scalene', 'cpuprofile']]) {
      await ed.open(TENSOR)
      await ed.debug(`Profile this module: ${tool}`)
      await ed.see('.tab.active', ending, 180)
      await ed.picture(`13-${tool}-table`)
      if (tool === 'scalene') continue  // which gives the time of `@` to a line that runs after it
      await ed.open(TENSOR, lineOf(TENSOR, PRODUCT[1]))
      await ed.see('.codelens-decoration', /Self (Time|Size)/)
      await ed.picture(`14-${tool}-lines`)
      if (tool === 'py-spy') await ed.small('guide-01-lines', 900, 420, 'Control+B', 'Control+J')
    }
  },

  async 'before and after'() {
    await ed.open(TENSOR)
    await ed.task('Profile this module: before and after')
    await ed.see('.tab.active', '.png', 180)
    await ed.picture('15-before-after')
  },

  async 'backward, stopped in the rule that was typed'() {
    await ed.open(AUTOGRAD, lineOf(AUTOGRAD, 'return grad_a, grad_b'))
    await ed.press('F9')
    await ed.debug('Debug backward')
    const { variables, stack } = await ed.stopped()
    for (const row of ARRAYS) assert.ok(variables.includes(row), `${row} is not in ${variables.join('\n')}`)
    assert.deepEqual(stack.map((row) => row.split(' ')[0]), FRAMES)
    await ed.picture('16-debug-backward')
    await ed.page.locator('.pane-header', { hasText: /^Watch$/ }).click()  // folds it away
    await ed.small('guide-05-stop', 1000, 640, 'Control+J')
    await ed.goOn()
  },

  async 'other launches stop there too'() {
    for (const [name, answer] of [['Debug this test'], ["Debug this module's tests"], ['Debug a milestone', 'xor']]) {
      await ed.open(AUTOGRAD, lineOf(AUTOGRAD, 'return grad_a, grad_b'))
      await ed.debug(name, answer)
      const { stack } = await ed.stopped()
      assert.match(stack[0], /^matmul_vjp /)
      await ed.picture(`17-${name.toLowerCase().replaceAll(/\W+/g, '-')}`)
      await ed.endDebugging()
    }
    await ed.open(TESTS, lineOf(TESTS, 'def test_matmul_gives_both_gradients') + 1)
    await ed.command('Test: Debug Test at Cursor')
    assert.match((await ed.stopped()).stack[0], /^matmul_vjp /)
    await ed.picture('18-debug-in-test-explorer')
    await ed.endDebugging()
  },

  async 'attaching'() {
    const words = ['-m', 'debugpy', '--listen', '5678', '--wait-for-client', 'scripts/debug_backward.py']
    const waiting = spawn(path.join(workspace, '.venv/bin/python'), words, { cwd: workspace, stdio: 'ignore' })
    try {
      await ed.until('a program that waits', () => listens(5678))
      await ed.debug('Attach to a program that waits')
      assert.match((await ed.stopped()).stack[0], /^matmul_vjp /)
      await ed.picture('19-attach')
      await ed.goOn()
    } finally {
      waiting.kill()
    }
  },

  async 'a milestone, a graph, the overview'() {
    await ed.task('Milestone', 'digits')
    await ed.terminal(/parameters +50,826 +parameter_count says the same/, 300)
    await ed.picture('20-milestone')
    await ed.task('Graph of an expression', { text: '(a @ b + c).sum()' })
    await ed.see('.tab.active', '.svg')
    await ed.picture('21-graph')
    await ed.task('Overview')
    await ed.terminal(/Open runs\/overview\.html/)
    await ed.pictureOfPage('22-overview', 'runs/overview.html')
  },

  async 'a profile that was cut short'() {
    const profile = fs.readdirSync(path.join(workspace, 'runs/profiles')).find((name) => name.endsWith('.cpuprofile'))
    fs.writeFileSync(path.join(workspace, 'cut.cpuprofile'), read(`runs/profiles/${profile}`).slice(0, 300))
    await ed.open('cut.cpuprofile')
    await ed.picture('23-cut-profile')
  },

  async 'the editor finds nothing wrong with its files'() {
    for (const name of ['tasks.json', 'launch.json', 'settings.json', 'extensions.json', 'tinytorch.code-snippets'])
      await ed.open(`.vscode/${name}`)
    await ed.page.waitForTimeout(3000)  // schemas are looked at a moment later
    const found = await ed.problems()
    assert.deepEqual(found.filter((row) => !row.includes('noDebug')), [])  // which no debugger's schema has
  },
}

let code = 0
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => ed.stop().then(() => process.exit(130)))
try {
  await ed.start()
  for (const [name, step] of Object.entries(steps)) {
    if (!name.includes(only)) continue
    ed.say(`-- ${name}`)
    await step()
  }
} catch (error) {
  code = 1
  console.error(error)
  await ed.page?.screenshot({ path: path.join(out, 'failure.png') }).catch(() => {})
} finally {
  await ed.stop()
}
process.exit(code)
