"""Mappings for real files that no shipped one is about: what a steward of that district would write."""

LATER_ATTENDANCE = """
# Twenty more days of the district of hello_world_sis: its ids, a row a section, days as 8/15/2020.
format = 1
name = "attendance-batch-2"
[files.days]
path = "studentattendance_batch2.csv"
[[load]]
target = "attendance_events"
from = "days"
scope = ["attendance_event_date"]
[load.fields]
student_identifier = "student_id"
attendance_event_date = { column = "attendance_date", date = "%m/%d/%Y" }
school_identifier = "school_id"
school_year = { column = "attendance_date", date = "%m/%d/%Y", year = "july" }
period = { column = "section_id" }
section_identifier = "section_id"
attendance_status = { column = "AttendanceCode", map = { P = "Present", A = "Absent" } }
attendance_category = "attendance_type"
"""
TESTED_STUDENTS = """
# The students of the diagnostic: its files name them, and no other file knows them.
format = 1
name = "i-ready-students"
[files.reading]
path = "diagnostic_results_ela.csv"
[[load]]
target = "students"
from = "reading"
fold = {}
[load.fields]
student_identifier = "Student ID"
first_name = "First Name"
last_name = "Last Name"
"""
