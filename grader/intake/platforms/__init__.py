"""Platforms whose downloads are recognised, one module each.

| platform | name | student | time |
|---|---|---|---|
| Moodle | `Ana García_12_assignsubmission_file[_]/t.ipynb` | `Ana García-12` | – |
| Moodle, no folders | `Ana García_12_assignsubmission_file_t.ipynb` | `Ana García-12` | – |
| Canvas | `garcialopezana[_LATE]_1234_98765_t.ipynb`, `.._1234_text.html` | `garcialopezana-1234` | – |
| Canvas, anonymous | `[LATE_]anon_hJ3kq_98765_t.ipynb` | `anon-hJ3kq` | – |
| Gradescope | `[assignment_<id>_export/]submission_55/t.ipynb`, `submission_metadata.yml` | `Ana García-1001` | yes |
| nbgrader | `submitted/ana/ps1/t.ipynb`, `timestamp.txt` | `ana` | yes |

Google Classroom's download and folders made by hand have no form of their own: there the place of a file counts
(`grader.intake.path_names`). Where in what was given a platform's name counts is decided in `registry`: a student
decides on all names below their own folder and inside their own zip.
"""
