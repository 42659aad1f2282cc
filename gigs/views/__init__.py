"""The browser door of gigs, applications, projects and milestones."""
