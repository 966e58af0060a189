"""Boards, rules, SQL views and the KPI page, generated. Imports schemas.kpis and labels only."""
