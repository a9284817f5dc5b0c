"""What the platform is run with: settings in force, operators and their keys, the use policy, guard rules, roles."""
