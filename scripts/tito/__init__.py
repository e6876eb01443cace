"""The course's command line: what a learner, a task of the editor and CI call."""
